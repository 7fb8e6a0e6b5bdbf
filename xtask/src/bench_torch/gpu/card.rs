//! The card, as its driver describes it.

use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::Precision;

/// The oldest driver that takes the kernels' PTX (ISA 8.0, CUDA 12.0).
const OLDEST_DRIVER: u32 = 525;

#[derive(Debug, PartialEq)]
pub(super) struct Card {
    pub(super) index: u32,
    pub(super) name: String,
    driver: String,
    memory: String,
    capability: f64,
}

impl Card {
    /// Asks the driver.
    ///
    /// # Errors
    /// One line that says what is missing.
    pub(super) fn find(index: u32) -> Result<Self> {
        let query = "--query-gpu=name,driver_version,memory.total,compute_cap";
        let mut command = Command::new("nvidia-smi");
        command.args([query, "--format=csv,noheader", &format!("--id={index}")]);
        let output = match command.output() {
            Ok(output) => output,
            Err(error) => {
                bail!("this task needs an NVIDIA GPU and its driver: cannot start nvidia-smi ({error})")
            }
        };
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(
            output.status.success(),
            "this task needs an NVIDIA GPU and its driver: nvidia-smi says \"{}\"",
            text.lines().next().unwrap_or_default()
        );
        Self::parse(index, &text)
    }

    /// From a line such as `NVIDIA H100 80GB HBM3, 550.54.15, 81559 MiB, 9.0`.
    fn parse(index: u32, text: &str) -> Result<Self> {
        let fields: Vec<&str> = text.trim().split(", ").collect();
        let &[name, driver, memory, capability] = &fields[..] else {
            bail!("nvidia-smi describes the card as \"{}\"", text.trim());
        };
        let major: Option<u32> = driver.split('.').next().and_then(|major| major.parse().ok());
        let is_new_enough = major.is_some_and(|major| major >= OLDEST_DRIVER);
        ensure!(
            is_new_enough,
            "this task needs NVIDIA's driver {OLDEST_DRIVER} or newer; this one is {driver}"
        );
        Ok(Self {
            index,
            name: name.into(),
            driver: driver.into(),
            memory: memory.into(),
            capability: capability
                .parse()
                .with_context(|| format!("a compute capability of \"{capability}\""))?,
        })
    }

    pub(super) fn title(&self) -> String {
        let Self { name, driver, memory, capability, .. } = self;
        format!("{name}, {memory}, compute capability {capability:.1}, driver {driver}")
    }

    /// TF32 came with compute capability 8.0.
    pub(super) fn precisions(&self) -> &'static [Precision] {
        if self.capability < 8.0 { &[Precision::F32] } else { &[Precision::F32, Precision::Tf32] }
    }

    pub(super) fn environment(&self) -> [(&'static str, String); 2] {
        environment(self.index)
    }
}

/// Variables that leave a program this card alone: CUDA counts as `nvidia-smi` does only if told to.
pub(in crate::bench_torch) fn environment(index: u32) -> [(&'static str, String); 2] {
    [("CUDA_DEVICE_ORDER", "PCI_BUS_ID".into()), ("CUDA_VISIBLE_DEVICES", index.to_string())]
}

#[cfg(test)]
mod tests {
    use super::{Card, Precision};

    #[test]
    fn a_card_is_described() {
        let card = Card::parse(1, "NVIDIA H100 80GB HBM3, 550.54.15, 81559 MiB, 9.0\n").unwrap();
        assert_eq!(
            card.title(),
            "NVIDIA H100 80GB HBM3, 81559 MiB, compute capability 9.0, driver 550.54.15"
        );
        assert_eq!(card.precisions(), [Precision::F32, Precision::Tf32]);
        assert_eq!(card.environment()[1], ("CUDA_VISIBLE_DEVICES", "1".into()));
        let card = Card::parse(0, "NVIDIA GeForce RTX 2080 Ti, 525.60, 11264 MiB, 7.5").unwrap();
        assert_eq!(card.precisions(), [Precision::F32]);
    }

    #[test]
    fn what_does_not_do_is_told_in_one_line() {
        for (text, expected) in [
            ("Tesla V100, 470.82.01, 16160 MiB, 7.0", "driver 525 or newer; this one is 470.82.01"),
            ("No devices were found", "describes the card as \"No devices were found\""),
            ("A, 550.1, 1 MiB, [N/A]", "a compute capability of \"[N/A]\""),
        ] {
            let message = Card::parse(0, text).unwrap_err().to_string();
            assert!(message.contains(expected) && message.lines().count() == 1, "{message}");
        }
    }

    /// Machines with a card are none to test this on.
    #[test]
    fn without_a_driver_one_line_says_so() {
        if let Err(error) = Card::find(0) {
            let message = format!("{error:#}");
            assert!(message.starts_with("this task needs"), "{message}");
            assert_eq!(message.lines().count(), 1, "{message}");
        }
    }
}
