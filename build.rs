//! Notes the commit that is being built, for the reports' provenance. Outside of a git checkout there is none.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=.git/HEAD");
    println!("cargo::rerun-if-changed=.git/logs/HEAD");
    let output = Command::new("git")
        .args(["rev-parse", "--short=12", "HEAD"])
        .output();
    if let Ok(output) = output
        && output.status.success()
        && let Ok(revision) = String::from_utf8(output.stdout)
    {
        println!(
            "cargo::rustc-env=COUPON_BENCH_GIT_REVISION={}",
            revision.trim()
        );
    }
}
