//! `coupon-bench completions` and `coupon-bench man`: scripts and pages from the description of the command line.

use std::io;

use clap_mangen::Man;
use roff::{Roff, roman};

use super::CommandError;
use crate::{
    cli::manual::{CompletionsArgs, ManArgs, command, program},
    judge::exit,
    render::Destination,
};

const NAME: &str = env!("CARGO_PKG_NAME");

/// Prints the completion script of a shell.
pub fn completions(args: &CompletionsArgs) -> Result<u8, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program(), NAME, &mut script);
    print(&script)
}

/// Prints a manual page.
pub fn man(args: &ManArgs) -> Result<u8, CommandError> {
    let command = command(args.command.as_deref())
        .map_err(|problem| CommandError::UnknownName(problem.what, problem.advice))?;
    print(&page(command)?)
}

fn page(command: clap::Command) -> io::Result<Vec<u8>> {
    let notes = command.get_after_help().map(ToString::to_string);
    let is_program = command.has_subcommands();
    let man = Man::new(command).source(concat!(
        env!("CARGO_PKG_NAME"),
        " ",
        env!("CARGO_PKG_VERSION")
    ));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if is_program {
        man.render_subcommands_section(&mut page)?;
    }
    render_notes(&notes.unwrap_or_default(), &mut page)?;
    Ok(page)
}

/// Renders the text below the flags of the help: a paragraph with a heading is a section, and line breaks are kept.
fn render_notes(notes: &str, page: &mut Vec<u8>) -> io::Result<()> {
    for paragraph in notes.split("\n\n") {
        let (heading, text) = match paragraph.split_once('\n') {
            Some((first, rest)) if first.ends_with(':') => (first.trim_end_matches(':'), rest),
            _ => ("Notes", paragraph),
        };
        let mut roff = Roff::default();
        roff.control("SH", [heading.to_uppercase().as_str()]);
        roff.control("nf", []);
        for line in text.lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
        roff.to_writer(page)?;
    }
    Ok(())
}

fn print(text: &[u8]) -> Result<u8, CommandError> {
    Destination::Stdout.write(&String::from_utf8_lossy(text))?;
    Ok(exit::OK)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use clap::ValueEnum;
    use clap_complete::Shell;

    use super::*;

    fn script(shell: Shell) -> String {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut program(), NAME, &mut script);
        String::from_utf8(script).unwrap()
    }

    #[test]
    fn every_shell_knows_every_command_but_the_hidden_one() {
        for shell in Shell::value_variants() {
            let script = script(*shell);
            for command in program().get_subcommands() {
                assert!(script.contains(command.get_name()), "{shell}: {command}");
            }
            assert!(script.contains("db-pool"), "{shell}");
            assert!(!script.contains("A process of --instances"), "{shell}");
        }
    }

    #[test]
    fn every_command_has_a_page_with_its_flags() {
        for one in program().get_subcommands() {
            let name = one.get_name();
            let page = String::from_utf8(page(command(Some(name)).unwrap()).unwrap()).unwrap();
            assert!(page.contains(&format!("coupon\\-bench\\-{name}")), "{page}");
            let shown = one.get_arguments().filter(|arg| !arg.is_hide_set());
            for flag in shown.filter_map(clap::Arg::get_long) {
                let flag = format!("\\-\\-{}", flag.replace('-', "\\-"));
                assert!(page.contains(&flag), "{name}: {flag}");
            }
        }
    }

    #[test]
    fn text_below_the_flags_keeps_its_line_breaks() {
        let mut page = Vec::new();
        render_notes("Examples:\n  one\n  two\n\n.three", &mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        assert!(
            page.contains(".SH EXAMPLES\n.nf\n  one\n  two\n.fi"),
            "{page}"
        );
        assert!(page.contains(".SH NOTES\n.nf\n\\&.three\n.fi"), "{page}");
    }
}
