//! The flags of `completions` and `man`, and the description of the commands that both print.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use crate::text::{problem::Problem, quote::quoted, values};

/// Flags of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench completions bash > ~/.local/share/bash-completion/completions/coupon-bench
  coupon-bench completions zsh > \"${fpath[1]}/_coupon-bench\"
  coupon-bench completions fish > ~/.config/fish/completions/coupon-bench.fish")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// Flags of `man`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  coupon-bench man | man -l -
  coupon-bench man run > ~/.local/share/man/man1/coupon-bench-run.1")]
pub struct ManArgs {
    /// The command to describe [default: the program itself]
    pub command: Option<String>,
}

/// The description of the command line, without hidden commands. Every command has its full name.
pub fn program() -> clap::Command {
    let all = Cli::command();
    let shown = all.get_subcommands().filter(|one| !one.is_hide_set());
    let mut program = clap::Command::new(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .about(all.get_about().cloned().unwrap_or_default())
        .after_help(all.get_after_help().cloned().unwrap_or_default())
        .args(all.get_arguments())
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommands(shown);
    program.build();
    program
}

/// The description of the command `name`; without a name, of the program.
///
/// # Errors
///
/// The name is unknown; the advice suggests a similar name.
pub fn command(name: Option<&str>) -> Result<clap::Command, Problem> {
    let program = program();
    let Some(name) = name else { return Ok(program) };
    if let Some(found) = program.find_subcommand(name) {
        return Ok(found.clone());
    }
    let names = program.get_subcommands().map(clap::Command::get_name);
    Err(Problem::new(
        format!("unknown command {}", quoted(name)),
        values::did_you_mean(name, &names.collect::<Vec<_>>()),
    ))
}
