//! Every file in `scenarios/` runs with the result that its comments state.

use std::path::Path;

use serde_json::json;

use crate::program::run;

#[test]
fn every_scenario_passes_on_embedded_services() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder").flatten() {
        let path = entry.path();
        let ran = run(&format!("--scenario {}", path.display()));
        assert_eq!(ran.exit, Some(0), "{}: {}", path.display(), ran.report);
        assert!(
            ran.report["assertions"]
                .as_array()
                .is_some_and(|all| !all.is_empty())
        );
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    for expected in ["flash-sale.toml", "double-click.toml", "smoke.toml"] {
        assert!(
            names.contains(&expected.to_owned()),
            "{expected} is missing from {names:?}"
        );
    }
}

#[test]
fn a_flag_overrides_the_scenario_file() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/flash-sale.toml");
    let ran = run(&format!("--scenario {path} --users 500"));
    assert_eq!(ran.report["scenario"]["users"], json!(500));
}
