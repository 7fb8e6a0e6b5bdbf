//! The weights of one network, checked.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek, Write};
use std::path::Path;

use crate::header::Header;
use crate::safetensors_file::{self, Output};
use crate::tensor_file::{FileTensor, TensorFile};
use crate::{Architecture, Dtype, Error, Manifest, Pixels, Result, checksum};

/// `weights/vgg16.safetensors`, whole.
static EMBEDDED: &[u8] = include_bytes!("../../../weights/vgg16.safetensors");
const EMBEDDED_NAME: &str = "the VGG-16 in the box";

/// The convolutions of a VGG in network order, and what one must know to use them.
///
/// They are checked: as many as the architecture has (or as [`ReadOptions::convolutions`] asks for), 3x3, each with as
/// many input channels as the one before has output channels, the first with 3, a bias per output channel, and every
/// value finite. The number of channels is free: a narrow network is a valid one.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// Which network it is.
    pub architecture: Architecture,
    /// The pixels it was trained on.
    pub pixels: Pixels,
    /// The convolutions, the one nearest to the image first.
    pub convolutions: Vec<Convolution>,
    /// Where the weights come from: an address, or a file and its checksum.
    pub source: String,
    /// Their licence; empty if unknown.
    pub licence: String,
    /// Who is to be named as their author; empty if unknown.
    pub attribution: String,
}

/// One 3x3 convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// The filters in row-major order of `shape`.
    pub filter: Vec<f32>,
    /// Output channels, input channels, height and width (OIHW) of the filters; the last two are 3.
    pub shape: [usize; 4],
    /// One value per output channel.
    pub bias: Vec<f32>,
}

/// What [`Weights::read_with`] should expect and read. The default expects nothing and reads everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions {
    /// Refuse the weights of another architecture.
    pub architecture: Option<Architecture>,
    /// The pixels the network expects. Needed for a file that says nothing, which is any `.pth` whose checksum is not in
    /// the manifest in the box; refused where the file says otherwise.
    pub pixels: Option<Pixels>,
    /// Read only this many convolutions, from the image on: features of a shallow layer need no more.
    pub convolutions: Option<usize>,
}

impl Weights {
    /// The VGG-16 in the box: Simonyan and Zisserman's own training, by way of Caffe and Keras, rounded to half
    /// precision (`weights/README.md` tells the whole way). It expects [`Pixels::Bgr255`].
    ///
    /// # Errors
    /// None in practice: a test reads it.
    pub fn embedded() -> Result<Self> {
        Self::embedded_with(&ReadOptions::default())
    }

    /// As [`Weights::embedded`], with options.
    ///
    /// # Errors
    /// [`Error::WrongArchitecture`] if the options ask for VGG-19.
    pub fn embedded_with(options: &ReadOptions) -> Result<Self> {
        Self::from_reader(Cursor::new(EMBEDDED), EMBEDDED_NAME, options)
    }

    /// Reads a weight file: safetensors (f32, f16 or bf16), or a state dict that torch saved in its zip or its older
    /// format. The content tells which, not the name. Tensors that are no convolutions of the network, such as VGG's
    /// classifier, are passed over.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::NotWeights`], [`Error::Damaged`], [`Error::Refused`], [`Error::BadTensor`], or
    /// [`Error::UnknownPixels`] for a `.pth` that is not in the manifest in the box.
    pub fn read(path: &Path) -> Result<Self> {
        Self::read_with(path, &ReadOptions::default())
    }

    /// As [`Weights::read`], with options.
    ///
    /// # Errors
    /// As [`Weights::read`], and [`Error::WrongArchitecture`].
    pub fn read_with(path: &Path, options: &ReadOptions) -> Result<Self> {
        let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
        Self::from_reader(BufReader::new(file), &path.display().to_string(), options)
    }

    /// As [`Weights::read_with`], from any reader; `name` stands for the file in errors.
    ///
    /// # Errors
    /// As [`Weights::read_with`].
    pub fn from_reader(mut reader: impl Read + Seek, name: &str, options: &ReadOptions) -> Result<Self> {
        let mut file = TensorFile::open(&mut reader).map_err(|fault| fault.in_file(name))?;
        let header = Header::of(&file, name)?;
        if let Some(expected) = options.architecture.filter(|&expected| expected != header.architecture) {
            return Err(Error::WrongArchitecture {
                file: name.to_owned(),
                expected,
                found: header.architecture,
            });
        }
        let numbers = header.architecture.convolutions();
        let wanted = options.convolutions.unwrap_or(numbers.len()).min(numbers.len());
        let mut channels = 3;
        let mut convolutions = Vec::with_capacity(wanted);
        for number in &numbers[..wanted] {
            let convolution = Convolution::read(&mut file, name, *number, channels)?;
            channels = convolution.shape[0];
            convolutions.push(convolution);
        }
        let mut weights = Self {
            architecture: header.architecture,
            pixels: Pixels::Bgr255,
            convolutions,
            source: header.source.unwrap_or_else(|| name.to_owned()),
            licence: header.licence,
            attribution: header.attribution,
        };
        if let (Some(expected), Some(found)) = (options.pixels, header.pixels)
            && expected != found
        {
            return Err(Error::WrongPixels { file: name.to_owned(), expected, found });
        }
        match options.pixels.or(header.pixels) {
            Some(pixels) => weights.pixels = pixels,
            None => weights.identify(reader, name)?,
        }
        Ok(weights)
    }

    /// Takes from the manifest what the file does not say, if the manifest has its checksum.
    fn identify(&mut self, mut reader: impl Read + Seek, name: &str) -> Result<()> {
        let unreadable = |error| Error::io("read", Path::new(name), error);
        let bytes = reader.seek(std::io::SeekFrom::End(0)).map_err(unreadable)?;
        reader.rewind().map_err(unreadable)?;
        let sha256 = checksum::sha256(reader).map_err(unreadable)?;
        let manifest = Manifest::embedded()?;
        let entry = manifest
            .identify(bytes, &sha256)
            .ok_or_else(|| Error::UnknownPixels { file: name.to_owned() })?;
        self.pixels = entry.pixels;
        self.source.clone_from(&entry.url);
        self.licence.clone_from(&entry.licence);
        self.attribution.clone_from(&entry.attribution);
        Ok(())
    }

    /// Writes the weights as safetensors: torchvision's tensor names, and everything else as metadata. The file is
    /// written whole under a temporary name in the same folder and then takes its name, replacing what was there.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::BadTensor`] if `dtype` cannot hold a value (f16 ends at 65504).
    pub fn write(&self, path: &Path, dtype: Dtype) -> Result<()> {
        let file = path.display().to_string();
        let mut outputs = Vec::new();
        for (convolution, number) in self.convolutions.iter().zip(self.architecture.convolutions()) {
            let [name, bias_name] = tensor_names(*number);
            outputs.push(Output { name, shape: &convolution.shape, values: &convolution.filter });
            let shape = &convolution.shape[..1];
            outputs.push(Output { name: bias_name, shape, values: &convolution.bias });
        }
        for output in &outputs {
            let largest = output.values.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
            if !dtype.decode(&dtype.encode(&[largest])).iter().all(|value| value.is_finite()) {
                let expected = format!("values in the range of {dtype}");
                return Err(Error::BadTensor {
                    file,
                    tensor: output.name.clone(),
                    expected,
                    found: largest.to_string(),
                });
            }
        }
        let metadata = BTreeMap::from([
            ("architecture", self.architecture.name()),
            ("pixels", self.pixels.name()),
            ("source", &self.source),
            ("licence", &self.licence),
            ("attribution", &self.attribution),
        ]);
        let bytes = safetensors_file::serialize(metadata, &outputs, dtype);
        write_whole(path, &bytes).map_err(|error| Error::io("write", path, error))
    }
}

impl Convolution {
    fn read<R: Read + Seek>(
        file: &mut TensorFile<R>,
        file_name: &str,
        number: usize,
        inputs: usize,
    ) -> Result<Self> {
        let [name, bias_name] = tensor_names(number);
        let filter = read_tensor(file, file_name, &name, &[None, Some(inputs), Some(3), Some(3)])?;
        let outputs = filter.shape[0];
        let bias = read_tensor(file, file_name, &bias_name, &[Some(outputs)])?;
        Ok(Self { filter: filter.values, shape: [outputs, inputs, 3, 3], bias: bias.values })
    }
}

/// The tensor of that name, of that shape (`None`: any size but 0), all values finite.
fn read_tensor<R: Read + Seek>(
    file: &mut TensorFile<R>,
    file_name: &str,
    name: &str,
    shape: &[Option<usize>],
) -> Result<FileTensor> {
    let bad = |found: String| {
        let sizes: Vec<_> =
            shape.iter().map(|size| size.map_or("N".to_owned(), |size| size.to_string())).collect();
        let expected = format!("finite values of shape [{}]", sizes.join(", "));
        Error::BadTensor { file: file_name.to_owned(), tensor: name.to_owned(), expected, found }
    };
    let tensor = file
        .read(name)
        .map_err(|fault| fault.in_file(file_name))?
        .ok_or_else(|| bad("no such tensor".into()))?;
    let fits = tensor.shape.len() == shape.len()
        && tensor.shape.iter().zip(shape).all(|(&size, expected)| expected.map_or(size > 0, |e| e == size));
    if !fits {
        return Err(bad(format!("shape {:?}", tensor.shape)));
    }
    match tensor.values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(bad(format!("a value that is {value}"))),
        None => Ok(tensor),
    }
}

/// torchvision's names of a convolution's filters and biases.
fn tensor_names(number: usize) -> [String; 2] {
    ["weight", "bias"].map(|part| format!("features.{number}.{part}"))
}

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // Temporary files are private by default; this one becomes an ordinary file, as the umask says.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
