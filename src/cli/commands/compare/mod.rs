//! `coupon-bench compare`.

mod files;

use std::io;

use self::files::{BaselineFile, load, load_baseline};
use super::{
    CommandError, complain,
    outputs::{OutputFile, OutputWriter},
    run::{mode, perform},
    say, style,
    target::check_destination,
};
use crate::{
    cli::{
        Cli,
        compare::{BaselineName, CompareArgs, CompareConfig, CompareInput, resolve},
    },
    config::scenario::Scenario,
    engine::limits::{self, Needs},
    input::Env,
    judge::{
        compare::{self, CompareRequest, Comparison, NamedReport, Refusal},
        exit,
    },
    model::{environment::environment, report::Report},
    render::comparison as output,
};

/// Compares reports, or runs strategies and compares them.
pub fn run(cli: &Cli, args: &CompareArgs, env: Env<'_>) -> Result<u8, CommandError> {
    let config = resolve(args, env)?;
    // Opened before the runs, so that a wrong path is reported first.
    let baseline = config.baseline.as_ref().map(load_baseline).transpose()?;
    let outputs = Outputs::open(&config)?;
    let save_to = config.save.as_ref().map(BaselineFile::open).transpose()?;
    let compared = Collected::new(cli, &config, baseline.as_ref(), env)?;
    let to_save = compared.reports.first().map(|named| named.report.clone());
    let (ended, cut_short) = (compared.exit_code, compared.cut_short);
    let question = CompareRequest {
        reports: compared.reports,
        baseline,
        metric: config.metric,
        threshold: config.threshold,
        force: config.force,
        alone: save_to.is_some(),
    };
    let mut comparison = match compare::compare(question) {
        Ok(comparison) => comparison,
        // The run has reported why it has no trials.
        Err(Refusal::Empty(_)) if cut_short => return Ok(ended),
        Err(refusal) if cut_short => {
            complain(&output::refusal(&refusal));
            return Ok(ended);
        }
        Err(refusal) => return Err(CommandError::Refused(output::refusal(&refusal))),
    };
    if cut_short && comparison.exit_code != exit::VIOLATED {
        comparison.exit_code = ended;
    }
    let mut writer = OutputWriter::default();
    if config.shown {
        writer.result(&output::terminal(&comparison, style(cli, env)));
    }
    outputs.write(&mut writer, &comparison);
    if let (Some(file), Some(name), Some(report)) = (save_to, &config.save, to_save) {
        let place = file.path().display().to_string();
        let saved = save(file, name, &report, (&comparison, cut_short));
        writer.note(saved, "--save-baseline", &place);
    }
    Ok(writer.exit_code(comparison.exit_code))
}

/// What is compared, and how the run ended.
struct Collected {
    reports: Vec<NamedReport>,
    /// The exit code of the run; of files, that of success.
    exit_code: u8,
    /// Whether the run ended before all of its trials. Reports of files are compared as they are.
    cut_short: bool,
}

impl Collected {
    /// Reads the report files, or runs the scenario.
    fn new(
        cli: &Cli,
        config: &CompareConfig,
        baseline: Option<&NamedReport>,
        env: Env<'_>,
    ) -> Result<Self, CommandError> {
        let scenario = match &config.input {
            CompareInput::Run(scenario) => scenario,
            CompareInput::Reports(paths) => {
                let reports = paths.iter().map(|path| load(path));
                return Ok(Self {
                    reports: reports.collect::<Result<_, _>>()?,
                    exit_code: exit::OK,
                    cut_short: false,
                });
            }
        };
        check_destination(scenario)?;
        limits::check(&Needs::of_run(scenario))?;
        if let (Some(baseline), false) = (baseline, config.force) {
            check_settings(scenario, baseline)?;
        }
        let report = perform(scenario, mode(cli, config.progress, env), None)?;
        Ok(Self {
            exit_code: report.exit_code,
            cut_short: is_cut_short(&report),
            reports: vec![NamedReport {
                name: THIS_RUN.to_owned(),
                report,
            }],
        })
    }
}

const THIS_RUN: &str = "this run";

/// Whether the run ended before all of its trials, by a signal or an error.
fn is_cut_short(report: &Report) -> bool {
    let trials = report.scenario.strategies.len() as u64 * u64::from(report.scenario.trials);
    let ended_early = matches!(
        report.exit_code,
        exit::SERVICE | exit::INTERRUPTED | exit::UNEXPECTED
    );
    ended_early || report.left_behind || (report.runs.len() as u64) < trials
}

/// Compares the settings with those of the baseline before the run: a run with other settings could not be compared.
fn check_settings(scenario: &Scenario, baseline: &NamedReport) -> Result<(), CommandError> {
    let mut report = baseline.report.clone();
    report.scenario = scenario.settings();
    report.environment = environment();
    let planned = NamedReport {
        name: THIS_RUN.to_owned(),
        report,
    };
    let differences = compare::differences(&[baseline, &planned]);
    if differences.is_empty() {
        return Ok(());
    }
    let refusal = Refusal::Different(differences);
    Err(CommandError::Refused(output::refusal(&refusal)))
}

/// Saves the report as a baseline, unless the baseline would hide a regression from the next comparison.
fn save(
    file: BaselineFile,
    name: &BaselineName,
    report: &Report,
    (comparison, cut_short): (&Comparison, bool),
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
    let path = file.save(report)?;
    say(&format!(
        "note: saved as baseline {name} ({})",
        path.display()
    ));
    Ok(())
}

struct Outputs {
    json: Option<OutputFile>,
    markdown: Option<OutputFile>,
}

impl Outputs {
    fn open(config: &CompareConfig) -> Result<Self, CommandError> {
        Ok(Self {
            json: OutputFile::open("--json", config.json.as_ref())?,
            markdown: OutputFile::open("--markdown", config.markdown.as_ref())?,
        })
    }

    fn write(self, writer: &mut OutputWriter, comparison: &Comparison) {
        writer.document(self.json, || Ok(output::json(comparison)?));
        writer.document(self.markdown, || Ok(output::markdown(comparison)));
    }
}
