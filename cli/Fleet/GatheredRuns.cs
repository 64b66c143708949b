using Lab.Application;
using Lab.Application.Settings;
using Lab.Cli.Run;
using Lab.Results;
using Lab.Results.Fleet;

namespace Lab.Cli.Fleet;

/// <summary>Repetitions put together, one run folder for each class of machines: classes are never pooled.</summary>
internal sealed class GatheredRuns(Gathered gathered, LabConsole console)
{
    public int Print(string format, string root)
    {
        OutputFormat form = FleetGather.Format(format, OutputFormat.Table);
        if (root.Length == 0) root = RunSettings.Out.Default;
        List<int> codes = [];
        foreach (IGrouping<string, UnitResult> one in gathered.Results.GroupBy(unit => unit.Machine.Class))
        {
            RunRecord record = new RunStore(root).Open(Put(one, root));
            RunCommand.Print(record, form, console);
            RunCommand.Draw(record, console);
            codes.Add(RunCommand.Code(record, interrupted: false, gathered.Plan.Plan.Strict));
        }
        int[] order = [ExitCode.InvariantViolated, ExitCode.Contaminated];
        return order.FirstOrDefault(codes.Contains, ExitCode.Fine);
    }

    /// <returns>The folder.</returns>
    private string Put(IEnumerable<UnitResult> units, string root)
    {
        RunRecord[] runs = [.. units.Select(unit =>
            new RunStore(Path.Combine(gathered.Plan.ResultFolder(unit.Unit), "runs"))
                .Open(Path.Combine(gathered.Plan.ResultFolder(unit.Unit), "runs", unit.Run!)))];
        Manifest first = runs[0].Manifest;
        RunFolder folder = RunFolder.Create(root, first with
        {
            CommandLine = gathered.Plan.Plan.CommandLine, StartedUtc = runs.Min(run => run.Manifest.StartedUtc),
            Measurements = [],
            Settings = new Dictionary<string, string>(first.Settings)
                { [RunSettings.Runs.Name] = RunSettings.Runs.Form.Print(runs.Length) },
            Warnings = [.. runs.SelectMany(run => run.Manifest.Warnings).Distinct()],
        });
        foreach ((int index, RunRecord run) in runs.Index())
        {
            foreach (MeasurementRows rows in run.AsRun(index + 1)) folder.Write(rows);
        }
        if (gathered.Missing.Count == 0) folder.Complete();
        else folder.Partial($"{gathered.Missing.Count} of {gathered.Plan.Count} units have no answer");
        return folder.Path;
    }
}
