//! `coupon-bench compare`.

mod files;

use std::io;

use self::files::{Slot, load, load_baseline};
use super::{
    Failure, complain,
    outputs::{Document, Written},
    run::{mode, perform},
    say, style,
    target::check_destination,
};
use crate::{
    cli::{
        Cli,
        compare::{BaselineName, CompareArgs, Comparing, What, comparing},
    },
    config::scenario::Scenario,
    engine::limits::{self, Needs},
    input::Env,
    judge::{
        compare::{self, Comparison, Named, Question, Refusal},
        exit,
    },
    model::{environment::environment, report::Report},
    render::comparison as output,
};

/// Compares reports, or runs strategies and compares them.
pub fn run(cli: &Cli, args: &CompareArgs, env: Env<'_>) -> Result<u8, Failure> {
    let comparing = comparing(args, env)?;
    // Before the runs: a mistyped path must not cost them.
    let baseline = comparing.baseline.as_ref().map(load_baseline).transpose()?;
    let outputs = Outputs::open(&comparing)?;
    let slot = comparing.save.as_ref().map(Slot::open).transpose()?;
    let (reports, ended) = match &comparing.what {
        What::Reports(paths) => {
            let reports = paths
                .iter()
                .map(|path| load(path))
                .collect::<Result<_, _>>()?;
            (reports, exit::OK)
        }
        What::Live(scenario) => {
            check_destination(scenario)?;
            limits::check(&Needs::of_run(scenario))?;
            if let (Some(baseline), false) = (&baseline, comparing.force) {
                check_beforehand(scenario, baseline)?;
            }
            let report = perform(scenario, mode(cli, comparing.progress, env), None)?;
            let ended = report.exit_code;
            (
                vec![Named {
                    name: "this run".to_owned(),
                    report,
                }],
                ended,
            )
        }
    };
    // A service that failed, or Ctrl-C, is told by the exit code whatever can still be compared.
    let cut_short = matches!(ended, exit::SERVICE | exit::INTERRUPTED | exit::UNEXPECTED)
        || reports.iter().any(|named| is_incomplete(named, &comparing));
    let to_save = reports.first().map(|named| named.report.clone());
    let question = Question {
        reports,
        baseline,
        metric: comparing.metric,
        threshold: comparing.threshold,
        force: comparing.force,
        alone: slot.is_some(),
    };
    let mut comparison = match compare::compare(question) {
        Ok(comparison) => comparison,
        // Why nothing was run has been said.
        Err(Refusal::Empty(_)) if cut_short => return Ok(ended),
        Err(refusal) if cut_short => {
            complain(&output::refusal(&refusal));
            return Ok(ended);
        }
        Err(refusal) => return Err(Failure::Refused(output::refusal(&refusal))),
    };
    if cut_short && comparison.exit_code != exit::VIOLATED {
        comparison.exit_code = ended;
    }
    let mut written = Written::default();
    if comparing.shown {
        written.result(&output::terminal(&comparison, style(cli, env)));
    }
    outputs.write(&mut written, &comparison);
    if let (Some(slot), Some(name), Some(report)) = (slot, &comparing.save, to_save) {
        let place = slot.path().display().to_string();
        let saved = save(slot, name, &report, &comparison, cut_short);
        written.note(saved, "--save-baseline", &place);
    }
    Ok(written.exit_code(comparison.exit_code))
}

/// Whether a run of this invocation ended before all of its trials: reports from files are what they are.
fn is_incomplete(named: &Named, comparing: &Comparing) -> bool {
    let report = &named.report;
    let asked = report.scenario.strategies.len() as u64 * u64::from(report.scenario.trials);
    let live = matches!(comparing.what, What::Live(_));
    live && (report.left_behind || (report.runs.len() as u64) < asked)
}

/// What can be known of a run beforehand is compared beforehand: that the settings are the same.
fn check_beforehand(scenario: &Scenario, baseline: &Named) -> Result<(), Failure> {
    let mut report = baseline.report.clone();
    report.scenario = scenario.settings();
    report.environment = environment();
    let planned = Named {
        name: "this run".to_owned(),
        report,
    };
    let differences = compare::differences(&[baseline, &planned]);
    if differences.is_empty() {
        return Ok(());
    }
    let refusal = Refusal::Different(differences);
    Err(Failure::Refused(output::refusal(&refusal)))
}

/// Keeps the report, unless it would hide a regression from the next comparison.
fn save(
    slot: Slot,
    name: &BaselineName,
    report: &Report,
    comparison: &Comparison,
    cut_short: bool,
) -> io::Result<()> {
    let regressed = comparison
        .gate
        .as_ref()
        .is_some_and(|gate| !gate.regressed.is_empty());
    if regressed || cut_short {
        let why = if cut_short {
            "the run was cut short"
        } else {
            "there is a regression"
        };
        say(&format!("note: baseline {name} is not saved, as {why}"));
        return Ok(());
    }
    let path = slot.save(report)?;
    say(&format!(
        "note: saved as baseline {name} ({})",
        path.display()
    ));
    Ok(())
}

struct Outputs {
    json: Option<Document>,
    markdown: Option<Document>,
}

impl Outputs {
    fn open(comparing: &Comparing) -> Result<Self, Failure> {
        Ok(Self {
            json: Document::open("--json", comparing.json.as_ref())?,
            markdown: Document::open("--markdown", comparing.markdown.as_ref())?,
        })
    }

    fn write(self, written: &mut Written, comparison: &Comparison) {
        written.document(self.json, || Ok(output::json(comparison)?));
        written.document(self.markdown, || Ok(output::markdown(comparison)));
    }
}
