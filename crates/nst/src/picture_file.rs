//! Pictures in files.

use crate::picture::MAX_PIXELS;
use crate::{Error, Picture, Result, WholeFile, jpeg};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage, RgbaImage};
use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

/// The most memory that a decoder may take. Guards, with the limit on pixels, against files whose header promises far
/// more than they hold.
const DECODER_MEMORY: u64 = 1 << 30;
/// The largest file: no picture within the limit on pixels is larger.
const MAX_BYTES: u64 = 1 << 30;
const CUT_OFF: &str = "is cut off: the file ends before the picture does";
/// Of 100: artefacts of the coding are not to be seen.
const JPEG_QUALITY: u8 = 95;

impl Picture {
    /// Reads a PNG, JPEG, WebP or TIFF file (recognised by its content), of any color type and depth, upright as its EXIF
    /// orientation says.
    ///
    /// # Errors
    /// If the file cannot be read or is no whole picture of these formats.
    pub fn load(path: &Path) -> Result<Self> {
        let fail = |problem: String| Error::Picture { path: path.into(), problem };
        let io = |error: std::io::Error| fail(explain_io(&error));
        let mut bytes = Vec::new();
        File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(io)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(fail("is too large a file; reduce it first".into()));
        }
        let mut reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format().map_err(io)?;
        match reader.format() {
            // The decoder would paint the rest grey.
            Some(ImageFormat::Jpeg) if !jpeg::is_whole(&bytes) => return Err(fail(CUT_OFF.into())),
            Some(format) if is_supported(format) => {}
            _ => return Err(fail("is no PNG, JPEG, WebP or TIFF file".into())),
        }
        let mut limits = image::Limits::default();
        limits.max_alloc = Some(DECODER_MEMORY);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().map_err(|error| fail(explain(&error)))?;
        let (width, height) = decoder.dimensions();
        if (width as usize).saturating_mul(height as usize) > MAX_PIXELS {
            return Err(fail(format!("{width}x{height} pixels are too many; reduce it first")));
        }
        let orientation = decoder.orientation().map_err(|error| fail(explain(&error)))?;
        let mut decoded = DynamicImage::from_decoder(decoder).map_err(|error| fail(explain(&error)))?;
        decoded.apply_orientation(orientation);
        let (width, height) = (decoded.width() as usize, decoded.height() as usize);
        let alpha = decoded
            .color()
            .has_alpha()
            .then(|| decoded.to_rgba32f().as_raw().as_chunks::<4>().0.iter().map(|pixel| pixel[3]).collect());
        Self::new(width, height, decoded.into_rgb32f().into_raw(), alpha)
            .map_err(|error| fail(error.to_string()))
    }

    /// Checks that [`Picture::save`] can write to `path`: the extension is known, and the folder takes a file.
    ///
    /// # Errors
    /// If not.
    pub fn check_target(path: &Path) -> Result<()> {
        target(path).map(drop)
    }

    /// Writes the picture with 8 bits a channel, in the format that the extension names: png, jpg, jpeg, webp (lossless),
    /// tif or tiff. Alpha is written where the format has it (not in JPEG). The file is written whole beside its place and
    /// then takes its name, so that a file of that name is replaced only by a whole one.
    ///
    /// # Errors
    /// If the extension is unknown or the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let fail = |problem: String| Error::Picture { path: path.into(), problem };
        let (format, file) = target(path)?;
        let mut bytes = Cursor::new(Vec::new());
        let image = self.quantised(format != ImageFormat::Jpeg);
        match format {
            ImageFormat::Jpeg => {
                image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY))
            }
            // The default is made for speed, which is nothing beside a run.
            ImageFormat::Png => image.write_with_encoder(PngEncoder::new_with_quality(
                &mut bytes,
                CompressionType::Default,
                FilterType::Adaptive,
            )),
            _ => image.write_to(&mut bytes, format),
        }
        .map_err(|error| fail(explain(&error)))?;
        file.write(bytes.get_ref()).map_err(|error| fail(explain_io(&error)))
    }

    /// 8 bits a channel, rounded, with alpha if there is one and it is wanted.
    fn quantised(&self, with_alpha: bool) -> DynamicImage {
        let byte = |value: &f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
        let (width, height) = (self.width() as u32, self.height() as u32);
        let image = match self.alpha().filter(|_| with_alpha) {
            Some(alpha) => {
                let pixels = self.rgb().as_chunks::<3>().0.iter().zip(alpha);
                let bytes = pixels.flat_map(|([r, g, b], a)| [byte(r), byte(g), byte(b), byte(a)]).collect();
                RgbaImage::from_raw(width, height, bytes).map(DynamicImage::from)
            }
            None => RgbImage::from_raw(width, height, self.rgb().iter().map(byte).collect())
                .map(DynamicImage::from),
        };
        image.unwrap_or_default()
    }
}

fn is_supported(format: ImageFormat) -> bool {
    matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Tiff)
}

fn format_of(path: &Path) -> Result<ImageFormat> {
    let format = ImageFormat::from_path(path).ok().filter(|&format| is_supported(format));
    format.ok_or_else(|| Error::Extension { path: path.into() })
}

/// What to write to `path`, and the file to write.
fn target(path: &Path) -> Result<(ImageFormat, WholeFile)> {
    let format = format_of(path)?;
    let fail = |error: std::io::Error| Error::Picture { path: path.into(), problem: error.to_string() };
    Ok((format, WholeFile::beside(path).map_err(fail)?))
}

fn explain_io(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::IsADirectory => "is a folder; name a file".into(),
        _ => error.to_string(),
    }
}

/// The cause in one line.
fn explain(error: &image::ImageError) -> String {
    match error {
        image::ImageError::Limits(_) => "has too many pixels; reduce it first".into(),
        image::ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            CUT_OFF.into()
        }
        _ => format!("cannot be decoded: {}", error.to_string().replace('\n', " ")),
    }
}

#[cfg(test)]
mod tests {
    use crate::Picture;
    use image::{DynamicImage, ImageBuffer, Luma, LumaA, Rgb, RgbImage, Rgba};
    use std::path::Path;

    fn gradient() -> Picture {
        let rgb = (0..4 * 3 * 3).map(|i| i as f32 * 7.0 / 255.0).collect();
        let alpha = (0..12).map(|i| i as f32 * 20.0 / 255.0).collect();
        Picture::new(4, 3, rgb, Some(alpha)).unwrap()
    }

    #[test]
    fn every_lossless_format_gives_back_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.png", "a.webp", "a.tif", "a.TIFF"] {
            let path = folder.path().join(name);
            gradient().save(&path).unwrap();
            let read = Picture::load(&path).unwrap();
            assert_eq!(read.alpha(), gradient().alpha(), "{name}");
            assert_eq!(read.rgb(), gradient().rgb(), "{name}");
        }
        let path = folder.path().join("a.jpg");
        gradient().save(&path).unwrap();
        let read = Picture::load(&path).unwrap();
        assert_eq!((read.width(), read.height(), read.alpha()), (4, 3, None));
        // Nothing else was left in the folder.
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 5);
    }

    #[test]
    fn png_is_compressed_well() {
        let value = |i: usize| ((i / 3 % 96) as f32 / 9.0).sin() * ((i / 288) as f32 / 7.0).cos() / 2.0 + 0.5;
        let picture = Picture::new(96, 96, (0..96 * 96 * 3).map(value).collect(), None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        picture.save(&path).unwrap();
        let mut fast = std::io::Cursor::new(Vec::new());
        image::open(&path).unwrap().write_to(&mut fast, image::ImageFormat::Png).unwrap();
        let (size, fast) = (std::fs::metadata(&path).unwrap().len(), fast.get_ref().len() as u64);
        assert!(size * 10 < fast * 9, "{size} and {fast} bytes");
    }

    #[test]
    fn values_outside_the_range_are_clamped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        Picture::new(1, 1, vec![-3.0, 0.5, 7.0], None).unwrap().save(&path).unwrap();
        assert_eq!(Picture::load(&path).unwrap().rgb(), [0.0, 128.0 / 255.0, 1.0]);
    }

    #[test]
    fn every_color_type_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let images: [DynamicImage; 6] = [
            ImageBuffer::from_pixel(2, 2, Luma([51u8])).into(),
            ImageBuffer::from_pixel(2, 2, LumaA([51u8, 102])).into(),
            ImageBuffer::from_pixel(2, 2, Rgb([51u8; 3])).into(),
            ImageBuffer::from_pixel(2, 2, Rgba([51u8, 51, 51, 102])).into(),
            ImageBuffer::from_pixel(2, 2, Luma([13107u16])).into(),
            ImageBuffer::from_pixel(2, 2, Rgb([13107u16; 3])).into(),
        ];
        for image in images {
            image.save(&path).unwrap();
            let picture = Picture::load(&path).unwrap();
            assert!(picture.rgb().iter().all(|value| (value - 0.2).abs() < 1e-6), "{:?}", image.color());
            assert_eq!(picture.alpha().is_some(), image.color().has_alpha());
        }
    }

    #[test]
    fn what_is_no_picture_says_so_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        let problem = |path: &Path| {
            let problem = Picture::load(path).unwrap_err().to_string();
            assert!(!problem.contains('\n'), "{problem}");
            problem
        };
        assert!(problem(&path).ends_with("there is no such file"));
        std::fs::write(&path, "a text").unwrap();
        assert!(problem(&path).ends_with("is no PNG, JPEG, WebP or TIFF file"));
        for format in ["png", "jpeg", "webp", "tiff"] {
            let format = image::ImageFormat::from_extension(format).unwrap();
            let mut bytes = std::io::Cursor::new(Vec::new());
            let noisy = RgbImage::from_fn(64, 64, |x, y| Rgb([(x * y * 37 % 251) as u8, x as u8, y as u8]));
            noisy.write_to(&mut bytes, format).unwrap();
            for kept in [95, 50, 5] {
                std::fs::write(&path, &bytes.get_ref()[..bytes.get_ref().len() * kept / 100]).unwrap();
                assert!(problem(&path).starts_with("picture"), "{kept} % of {format:?}");
            }
        }
    }

    #[test]
    fn targets_are_checked_before_anything_is_done() {
        let folder = tempfile::tempdir().unwrap();
        for (name, part) in [("a.xyz", "extension"), ("a", "extension"), ("no/a.png", "no folder")] {
            let problem = Picture::check_target(&folder.path().join(name)).unwrap_err().to_string();
            assert!(problem.contains(part), "{name}: {problem}");
        }
        Picture::check_target(&folder.path().join("a.png")).unwrap();
        Picture::check_target(Path::new("a.png")).unwrap();
    }
}
