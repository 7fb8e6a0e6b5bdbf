//! One of several commands that share a batch.

use std::str::FromStr;

/// Every `count`th picture from the `index`th on, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    /// This shard's part of all.
    pub(crate) fn of<T>(self, all: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        all.into_iter().skip(self.index - 1).step_by(self.count)
    }
}

impl FromStr for Shard {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/').and_then(|(index, count)| {
            let number = |text: &str| text.parse::<usize>().ok();
            Some((number(index)?, number(count)?))
        });
        match numbers {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Self { index, count }),
            _ => Err("say I/N with I from 1 to N, such as 2/8"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shard;

    #[test]
    fn shards_partition_what_there_is() {
        for all in 0..12usize {
            for count in 1..=5 {
                let shards = (1..=count).map(|index| format!("{index}/{count}").parse::<Shard>().unwrap());
                let mut seen: Vec<usize> = shards.flat_map(|shard| shard.of(0..all)).collect();
                seen.sort_unstable();
                assert_eq!(seen, (0..all).collect::<Vec<_>>(), "{count} shards");
            }
        }
        assert_eq!("2/3".parse::<Shard>().unwrap().of(0..8).collect::<Vec<_>>(), [1, 4, 7]);
    }

    #[test]
    fn other_numbers_are_refused() {
        for text in ["", "1", "0/3", "4/3", "1/0", "0/0", "a/b", "1/2/3", "-1/2", " 1/2"] {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
    }
}
