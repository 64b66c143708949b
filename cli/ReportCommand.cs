using System.CommandLine;
using Lab.Plots;
using Lab.Results;

namespace Lab.Cli;

/// <summary><c>lab report</c>: writes the figures and the HTML report of a run again, and prints its tables.</summary>
internal static class ReportCommand
{
    public static Command Build(LabConsole console)
    {
        Argument<string> run = new("run") { Description = "id, beginning of an id, path, or latest", Arity = ArgumentArity.ZeroOrOne };
        Option<string> folder = new("--out") { Description = "folder of the run folders", DefaultValueFactory = _ => Path.Combine("results", "runs") };
        Option<string> format = new("--format") { Description = "standard output: table, json, csv or markdown", DefaultValueFactory = _ => "table" };
        Command command = new("report", "figures and HTML report of a run");
        command.Arguments.Add(run);
        command.Options.Add(folder);
        command.Options.Add(format);
        command.SetAction(parsed => LabCommand.Guarded(console, () =>
        {
            OutputFormat form = Names.Find("--format value", parsed.GetValue(format)!, Enum.GetValues<OutputFormat>(), value => value.ToString().ToLowerInvariant());
            RunRecord record = new RunStore(parsed.GetValue(folder)!).Open(parsed.GetValue(run) ?? RunStore.Latest);
            Figures.WriteAll(record, record.Folder);
            string report = Path.Combine(record.Folder, "report.html");
            HtmlReport.Write(record, report);
            RunTables.Print(record, form, console);
            console.Error.WriteLine($"report: {report}");
            return ExitCode.Fine;
        }));
        return command;
    }
}
