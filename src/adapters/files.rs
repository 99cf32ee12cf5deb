//! The limit of open files. Every connection is an open file.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The numbers of files that a run opens, by purpose. Measured with `/proc/PID/fd`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Files(Vec<(&'static str, u64)>);

impl Files {
    /// Adds `count` files for `what`.
    pub fn add(&mut self, what: &'static str, count: u64) {
        if count > 0 {
            self.0.push((what, count));
        }
    }

    /// The number of all files.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// `20 for the database's pool, 16 for the program itself`, the most first.
    fn listed(&self) -> String {
        let mut parts = self.0.clone();
        parts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let parts: Vec<_> = parts
            .iter()
            .map(|(what, count)| format!("{count} for {what}"))
            .collect();
        parts.join(", ")
    }
}

/// A run needs more files than the process may open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "this needs about {needed} open files ({parts}), and this process may open {allowed}: raise the limit \
     (`ulimit -n {needed}`, or LimitNOFILE= of a service), or ask for fewer connections"
)]
pub struct TooMany {
    needed: u64,
    allowed: u64,
    parts: String,
}

/// Checks whether all files can be open at the same time.
///
/// # Errors
/// The limit is too low.
pub fn check(files: &Files) -> Result<(), TooMany> {
    allow(files.total()).map_err(|allowed| TooMany {
        needed: files.total(),
        allowed,
        parts: files.listed(),
    })
}

/// Raises the soft limit to the hard limit if `needed` files require it.
///
/// # Errors
/// The number of allowed files, if the hard limit is too low.
pub fn allow(needed: u64) -> Result<(), u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // `None`: there is no limit.
    if current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let enough = maximum.is_none_or(|maximum| maximum >= needed);
    if enough && setrlimit(Resource::Nofile, raised).is_ok() {
        return Ok(());
    }
    Err(maximum.or(current).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_files_are_reported_with_their_purposes() {
        let mut files = Files::default();
        files.add("the program itself", 16);
        files.add("nothing", 0);
        files.add("the database's pool", u64::from(u32::MAX));
        let error = check(&files).map_err(|error| TooMany {
            allowed: 20,
            ..error
        });
        assert_eq!(
            error.map_err(|error| error.to_string()),
            Err(
                "this needs about 4294967311 open files (4294967295 for the database's pool, 16 for the program \
                 itself), and this process may open 20: raise the limit (`ulimit -n 4294967311`, or LimitNOFILE= of a \
                 service), or ask for fewer connections"
                    .to_owned()
            )
        );
    }

    #[test]
    fn a_number_within_the_limit_is_allowed() {
        let mut files = Files::default();
        files.add("the program itself", 16);
        assert_eq!(check(&files), Ok(()));
    }
}
