//! What a batch will make: every content in every style, and where it goes. What can be refused is refused here.

use super::args::PictureArgs;
use super::pattern::{Fields, Pattern};
use super::sources;
use crate::console::counted;
use crate::failure::usage;
use crate::masks::Source;
use crate::paths;
use anyhow::Result;
use nst::{Config, Picture};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// A picture to make.
#[derive(Clone)]
pub(super) struct Task {
    pub(super) content: Source,
    pub(super) output: PathBuf,
}

/// The pictures to make in one style.
pub(super) struct Group {
    /// Blended, if there are several.
    pub(super) styles: Vec<Source>,
    pub(super) tasks: Vec<Task>,
}

/// All that this command makes.
pub(super) struct Plan {
    pub(super) groups: Vec<Group>,
    /// Pictures that were there already.
    pub(super) skipped: usize,
}

impl Plan {
    /// Lays out the shard's part of the batch. `read` are files that are read besides the pictures, `settings` one
    /// that is written.
    ///
    /// # Errors
    /// If a picture or folder is not there, two pictures would have one name, or one would replace a file that is read.
    pub(super) fn new(
        args: &PictureArgs,
        config: &Config,
        read: &[&Path],
        settings: Option<&Path>,
    ) -> Result<Self> {
        let contents = sources::expand(&args.content, args.recursive)?;
        let styles = sources::expand(&args.style, args.recursive)?;
        let read: HashSet<PathBuf> = contents
            .iter()
            .chain(&styles)
            .map(PathBuf::as_path)
            .chain(read.iter().copied())
            .map(paths::resolved)
            .collect();
        let styles = Source::of_styles(config, &styles)?;
        let mask = config.mask.as_deref().map(mask_pattern).transpose()?;
        let mut tasks = Vec::new();
        for (group, styles) in blends(config, styles)?.into_iter().enumerate() {
            tasks.extend(contents.iter().map(|content| (group, styles.clone(), content.clone())));
        }
        let count = tasks.len();
        let mut written = HashMap::new();
        let mut masks = Vec::new();
        let mut named = Vec::new();
        for (index, (group, styles, content)) in tasks.into_iter().enumerate() {
            let style = styles.iter().map(|style| stem(&style.picture)).collect::<Vec<_>>().join("+");
            let fields = Fields { content: &stem(&content), style: &style, index: index + 1, count };
            let output = args.output.path(&fields);
            let real = paths::resolved(&output);
            if read.contains(&real) {
                let output = output.display();
                return Err(usage(format!("the output '{output}' is also an input; use another --output")));
            }
            if let Some((other, other_style)) = written.insert(real, (content.clone(), style.clone())) {
                return Err(usage(format!(
                    "'{}' would be both '{}' with style {other_style} and '{}' with style {style}; tell them apart in --output by \
                     {{content}}, {{style}} or {{index}}",
                    output.display(),
                    other.display(),
                    content.display(),
                )));
            }
            let mask = mask.as_ref().map(|mask| mask.path(&fields));
            masks.extend(mask.as_deref().map(paths::resolved));
            let content = Source::new(&content, mask.as_deref());
            named.push((group, styles, Task { content, output }));
        }
        if let Some(output) = masks.iter().find(|mask| written.contains_key(*mask)) {
            let output = output.display();
            return Err(usage(format!("the output '{output}' is also a mask; use another --output")));
        }
        let is_taken =
            |file: &PathBuf| read.contains(file) || masks.contains(file) || written.contains_key(file);
        if let Some(settings) = settings.filter(|settings| is_taken(&paths::resolved(settings))) {
            let settings = settings.display();
            return Err(usage(format!(
                "the settings '{settings}' are also an input or an output; name another file"
            )));
        }
        let mut plan = Self { groups: Vec::new(), skipped: 0 };
        let mut current = None;
        for (group, styles, task) in args.shard.of(named) {
            if args.skip_existing && task.output.is_file() {
                plan.skipped += 1;
                continue;
            }
            Picture::check_target(&task.output)?;
            if current != Some(group) {
                current = Some(group);
                plan.groups.push(Group { styles, tasks: Vec::new() });
            }
            if let Some(last) = plan.groups.last_mut() {
                last.tasks.push(task);
            }
        }
        Ok(plan)
    }

    /// How many pictures it makes.
    pub(super) fn count(&self) -> usize {
        self.groups.iter().map(|group| group.tasks.len()).sum()
    }
}

/// The mask of each content, which may be named by its fields.
fn mask_pattern(mask: &Path) -> Result<Pattern> {
    mask.to_string_lossy().parse().map_err(|problem| usage(format!("mask '{}': {problem}", mask.display())))
}

/// The styles that are taken together: each alone, or all of them if they are blended.
fn blends(config: &Config, styles: Vec<Source>) -> Result<Vec<Vec<Source>>> {
    let weights = config.style_blend.len();
    match (weights, styles.len()) {
        (0, _) => Ok(styles.into_iter().map(|style| vec![style]).collect()),
        (weights, styles) if weights != styles => {
            let (weights, styles) = (counted(weights, "weight"), counted(styles, "style picture"));
            Err(usage(format!("style-blend: {weights} for {styles}; give one for each")))
        }
        _ => Ok(vec![styles]),
    }
}

/// The name without its extension.
fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
