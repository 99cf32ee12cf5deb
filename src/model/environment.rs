//! The machine and the program as a report describes them.

use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::model::report::{Environment, Tool};

/// The name, version and commit of this program.
pub fn tool() -> Tool {
    Tool {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        git_revision: option_env!("COUPON_BENCH_GIT_REVISION").map(str::to_owned),
    }
}

/// The number of processors that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The description of this machine, with the current time.
pub fn environment() -> Environment {
    let what = RefreshKind::nothing()
        .with_cpu(CpuRefreshKind::nothing())
        .with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(what).ok();
    let cpu = system
        .as_ref()
        .and_then(|system| system.cpus().first())
        .map(|cpu| cpu.brand().trim().to_owned());
    let now = OffsetDateTime::now_utc();
    Environment {
        os: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        cpu: cpu
            .filter(|brand| !brand.is_empty())
            .unwrap_or_else(|| "unknown".to_owned()),
        cores: cores(),
        memory_bytes: system.as_ref().map_or(0, System::total_memory),
        started_at: now
            .replace_nanosecond(0)
            .unwrap_or(now)
            .format(&Rfc3339)
            .unwrap_or_default(),
    }
}
