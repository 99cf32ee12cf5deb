//! Memory: what the attempts of a run need, and what this process may use.

use std::{fmt, fs, path::Path};

use rustix::process::{Resource, getrlimit};

/// Bytes of an attempt under way, including its task. Measured as the peak memory of 1,000,000 users less the peak memory of 100
/// users (results/peers.md).
const UNDER_WAY: u64 = 888;

/// Bytes of an attempt that has not started or has ended: its user, its slot and its outcome. Measured in a closed loop of
/// 1,000,000 users.
const KEPT: u64 = 91;

/// Bytes of address space that threads and allocators reserve without using it.
const RESERVED: u64 = 896 << 20;

/// Bytes of a state of an exploration, rounded up.
const STATE: u64 = 400;

/// The number of different states of an exploration that the memory has room for; `None` where the available memory is not known.
pub fn states() -> Option<u64> {
    available().map(|available| (available.bytes / STATE).max(1))
}

/// The attempts of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// The number of all attempts.
    pub attempts: u64,
    /// The largest number of attempts under way at the same time.
    pub at_once: u64,
}

impl Memory {
    /// The memory that the attempts need, in bytes.
    fn bytes(&self) -> u64 {
        let at_once = self.at_once.min(self.attempts);
        let kept = self.attempts - at_once;
        at_once * UNDER_WAY + kept * KEPT
    }
}

/// The memory that this process may use, and what limits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Available {
    /// Bytes.
    pub bytes: u64,
    bound: Bound,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Machine,
    Group,
    AddressSpace,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Machine => "free on this machine",
            Self::Group => "free in this process's control group",
            Self::AddressSpace => "left of this process's address space (ulimit -v)",
        })
    }
}

/// A run that needs more memory than is available.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} attempts need about {}, and {} are {}: {}",
    memory.attempts, size(memory.bytes()), size(available.bytes), available.bound, advice(*memory)
)]
pub struct TooMuch {
    memory: Memory,
    available: Available,
}

fn advice(memory: Memory) -> &'static str {
    if memory.at_once >= memory.attempts {
        "ask for fewer users, or let fewer ask at a time (--in-flight)"
    } else {
        "ask for fewer users"
    }
}

fn size(bytes: u64) -> String {
    let gib = bytes as f64 / f64::from(1 << 30);
    if gib >= 1.0 {
        format!("{gib:.1} GiB of memory")
    } else {
        format!("{} MiB of memory", bytes >> 20)
    }
}

/// Checks that the attempts fit into the available memory. Accepts every number of attempts where the available memory is not
/// known.
///
/// # Errors
///
/// The attempts need more memory than is available.
pub fn check(memory: &Memory, available: Option<Available>) -> Result<(), TooMuch> {
    match available {
        Some(available) if memory.bytes() > available.bytes => Err(TooMuch {
            memory: *memory,
            available,
        }),
        _ => Ok(()),
    }
}

/// The smallest of what the machine, the control group and the limit of the address space leave.
pub fn available() -> Option<Available> {
    let bounds = [
        (machine(), Bound::Machine),
        (group(), Bound::Group),
        (address_space(), Bound::AddressSpace),
    ];
    let known = bounds.into_iter().filter_map(|(bytes, bound)| {
        Some(Available {
            bytes: bytes?,
            bound,
        })
    });
    known.min_by_key(|available| available.bytes)
}

fn machine() -> Option<u64> {
    let memory = kilobytes("/proc/meminfo", "MemAvailable:")?;
    let swap = kilobytes("/proc/meminfo", "SwapFree:").unwrap_or_default();
    Some(memory + swap)
}

fn address_space() -> Option<u64> {
    let limit = getrlimit(Resource::As).current?;
    let used = kilobytes("/proc/self/status", "VmSize:")?;
    // Threads reserve less under a small limit.
    Some(limit.saturating_sub(used + RESERVED.min(limit / 2)))
}

/// The value of the line `NAME  123 kB` of a file, in bytes.
fn kilobytes(file: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    let number: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(number * 1024)
}

/// For both versions of control groups: the line of `/proc/self/cgroup`, the folder of the groups, the files, and the entry for
/// memory in use that can be reclaimed.
const GROUPS: [(&str, &str, &str, &str, &str); 2] = [
    (
        "0::",
        "/sys/fs/cgroup",
        "memory.max",
        "memory.current",
        "inactive_file ",
    ),
    (
        ":memory:",
        "/sys/fs/cgroup/memory",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file ",
    ),
];

/// The memory that the group of this process and its parent groups leave. In a container, the group of the container is the root.
fn group() -> Option<u64> {
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let left = GROUPS
        .iter()
        .flat_map(|(marker, root, limit, used, cached)| {
            let path = own.lines().find_map(|line| line.split_once(marker));
            let path = path.map_or("", |(_, path)| path.trim_start_matches('/'));
            let folder = Path::new(root).join(path);
            let groups: Vec<_> = folder.ancestors().map(Path::to_owned).collect();
            groups
                .into_iter()
                .filter(move |group| group.starts_with(root))
                .filter_map(move |group| {
                    let read = |name: &str| fs::read_to_string(group.join(name)).ok();
                    let limit: u64 = read(limit)?.trim().parse().ok()?;
                    let used: u64 = read(used)?.trim().parse().ok()?;
                    let statistics = read("memory.stat").unwrap_or_default();
                    let cached = statistics
                        .lines()
                        .find_map(|line| line.strip_prefix(*cached));
                    let cached: u64 = cached.and_then(|number| number.parse().ok()).unwrap_or(0);
                    Some(limit.saturating_sub(used.saturating_sub(cached)))
                })
        });
    left.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_counts_attempts_under_way_and_recorded_attempts() {
        let burst = Memory {
            attempts: 1_000_000,
            at_once: u64::MAX,
        };
        assert_eq!(burst.bytes(), 888_000_000);
        let closed = Memory {
            attempts: 1_000_000,
            at_once: 100,
        };
        assert_eq!(closed.bytes(), 999_900 * 91 + 100 * 888);
    }

    #[test]
    fn too_many_attempts_are_refused_with_the_estimate() {
        let three = Available {
            bytes: 3 << 30,
            bound: Bound::Group,
        };
        let said = |attempts, at_once| {
            let memory = Memory { attempts, at_once };
            check(&memory, Some(three)).map_err(|error| error.to_string())
        };
        assert_eq!(
            said(100_000_000, 100_000_000),
            Err(
                "100000000 attempts need about 82.7 GiB of memory, and 3.0 GiB of memory are free in this process's \
                 control group: ask for fewer users, or let fewer ask at a time (--in-flight)"
                    .to_owned()
            )
        );
        assert_eq!(
            said(100_000_000, 50),
            Err(
                "100000000 attempts need about 8.5 GiB of memory, and 3.0 GiB of memory are free in this process's \
                 control group: ask for fewer users"
                    .to_owned()
            )
        );
        assert_eq!(said(3_000_000, 3_000_000), Ok(()));
        assert_eq!(
            check(
                &Memory {
                    attempts: u64::MAX >> 10,
                    at_once: 1
                },
                None
            ),
            Ok(())
        );
    }

    #[test]
    fn this_machine_has_memory() {
        assert!(available().is_some_and(|available| available.bytes > 1 << 20));
    }
}
