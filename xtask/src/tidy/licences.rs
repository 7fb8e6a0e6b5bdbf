//! The licences of everything that the workspace is built from.

use cargo_metadata::Metadata;
use spdx::{Expression, ParseMode};

/// Complains of packages that cannot be used under the `allowed` licences alone.
pub(super) fn check(metadata: &Metadata, allowed: &[&str]) -> Vec<String> {
    let packages = metadata.packages.iter();
    packages
        .filter_map(|package| {
            let complaint = match package.license.as_deref() {
                Some(licence) => complaint(licence, allowed)?,
                None => "names no licence".to_owned(),
            };
            Some(format!("{} {}: {complaint}", package.name, package.version))
        })
        .collect()
}

/// What is wrong with a licence expression such as `MIT OR Apache-2.0`. Older packages write `MIT/Apache-2.0`.
fn complaint(licence: &str, allowed: &[&str]) -> Option<String> {
    let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else {
        return Some(format!("`{licence}` is not a licence expression"));
    };
    let usable = expression.evaluate(|required| allowed.contains(&required.to_string().as_str()));
    (!usable).then(|| format!("`{licence}` is not an allowed licence"))
}

#[cfg(test)]
mod tests {
    use super::complaint;

    #[test]
    fn either_side_of_or_is_enough_and_both_of_and_are_needed() {
        let allowed = ["MIT", "ISC"];
        for licence in ["MIT", "MIT OR GPL-3.0-only", "GPL-3.0-only OR MIT", "MIT AND ISC", "MIT/Apache-2.0"]
        {
            assert_eq!(complaint(licence, &allowed), None, "{licence}");
        }
        for licence in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "(MIT OR ISC) AND Zlib", "free for all"] {
            assert!(complaint(licence, &allowed).is_some(), "{licence}");
        }
        // An exception makes it another licence.
        assert!(complaint("Apache-2.0 WITH LLVM-exception", &["Apache-2.0"]).is_some());
    }
}
