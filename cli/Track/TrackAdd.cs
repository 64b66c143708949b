using System.CommandLine;
using Lab.Application;
using Lab.Application.Settings;
using Lab.Application.Tracking;
using Lab.Cli.Options;
using Lab.Plots;
using Lab.Results;
using Lab.Results.Comparisons;
using Lab.Results.Tracking;
using Lab.Settings;

namespace Lab.Cli.Track;

/// <summary><c>lab track add</c>: the numbers of runs join the history under the commit they were measured at.</summary>
internal static class TrackAdd
{
    /// <summary>How often and where to, and what has columns of its own: not what is measured. A plug-in's path is its strategy's
    /// place, not its code.</summary>
    private static readonly string[] Immaterial =
        [.. RunSettings.All.Where(setting => !setting.Matters).Select(setting => setting.Name)];

    private sealed record Request(
        IReadOnlyList<string> Runs, string Out, string History, string? Commit, bool TakesDirty, ComparedSubject Subject,
        GitRepository Repository);

    public static Command Build(LabConsole console)
    {
        TrackOptions options = new();
        Argument<string[]> runs = new("run") { Description = "id, beginning of an id, path, latest, a folder of runs, or a "
            + "comparison folder; latest if absent", Arity = ArgumentArity.ZeroOrMore };
        Option<string> commit = SettingOptions.Text("--commit", "commit that was measured; by default the one the runs name", "");
        Option<bool> dirty = new("--dirty") { Description = "accept runs of a modified tree, as COMMIT-dirty" };
        Option<string> folder = SettingOptions.Text("--out", "folder of the run folders", Path.Combine("results", "runs"));
        Command command = new("add", "add the numbers of runs to the history");
        command.Arguments.Add(runs);
        foreach (Option option in (Option[])[options.History, commit, dirty, folder, options.Subject, options.Repository])
        {
            command.Options.Add(option);
        }
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            string[] named = parsed.GetValue(runs) ?? [];
            return Execute(new Request(
                named.Length > 0 ? named : [RunStore.Latest], parsed.GetValue(folder)!, options.HistoryFile(parsed),
                parsed.GetValue(commit) is { Length: > 0 } given ? given : null, parsed.GetValue(dirty),
                options.SubjectOf(parsed),
                new GitRepository(parsed.GetValue(options.Repository)!)), console);
        }));
        return command;
    }

    private static int Execute(Request request, LabConsole console)
    {
        RunsToTrack found = new(request.Out);
        List<RunToTrack> runs = [.. request.Runs.SelectMany(found.Find).DistinctBy(run => run.Id)];
        List<string> notes = [.. found.Notes];
        string? given = request.Commit is { } text ? request.Repository.Resolve(text) ?? text : null;
        if (given is not null && !HistoryFile.IsPoint(given)) throw new UsageException(
            $"--commit '{given}' is neither a commit nor a name for a point: letters, digits and . _ - + ~ / : @ ^ are.");
        List<HistoryRow> rows = [];
        foreach (RunToTrack run in runs)
        {
            string commit = given
                ?? (request.Subject == ComparedSubject.Kernel ? KernelOf(run) : CommitOf(run, request.TakesDirty));
            IReadOnlyList<HistoryRow> own = [.. HistoryRows.Of(run.Record, commit, Immaterial, request.Subject)
                .Select(row => row with { RunId = run.Id })];
            string[] unclean = [.. run.Record.Manifest.Measurements.Where(one => one.Verdict != Verdict.Clean || one.Broken)
                .Select(one => one.Strategy).Distinct()];
            if (unclean.Length > 0)
            {
                notes.Add($"run {run.Id}: {string.Join(", ", unclean)} is broken, did not run clean or gave no sample; left out");
            }
            else if (own.Count == 0) notes.Add($"run {run.Id} has no quantile with enough samples; left out");
            rows.AddRange(own);
        }
        foreach (string note in notes) console.Error.WriteLine($"note: {note.ReplaceLineEndings(" ")}.");
        if (rows.Count == 0) throw new UsageException(
            "Nothing could be added: no run is complete, clean and long enough for a quantile.");
        IReadOnlyList<HistoryRow> added = Append(request.History, rows);
        Print(rows, added, request.History, console);
        return ExitCode.Fine;
    }

    private static IReadOnlyList<HistoryRow> Append(string path, List<HistoryRow> rows)
    {
        try
        {
            return new HistoryFile(path).AppendNew(rows);
        }
        catch (ResultsUnwritableException error)
        {
            throw new UsageException($"'{path}' cannot be written ({error.InnerException!.Message.TrimEnd('.')}): free space, "
                + "allow writing there, or name another file with --history.");
        }
        catch (ArgumentException error)
        {
            throw new UsageException($"The runs hold something that a history cannot keep: {error.Message}");
        }
    }

    private static void Print(List<HistoryRow> rows, IReadOnlyList<HistoryRow> added, string path, LabConsole console)
    {
        foreach (IGrouping<string, HistoryRow> run in added.GroupBy(row => row.RunId))
        {
            console.Out.WriteLine($"added: {run.Count()} numbers of run {run.Key} at {CommitNames.Short(run.First().Commit)}");
        }
        string[] there = [.. rows.Select(row => row.RunId).Distinct().Except(added.Select(row => row.RunId))];
        foreach (string run in there) console.Out.WriteLine($"already there: run {run}");
        int runs = added.Select(row => row.RunId).Distinct().Count();
        console.Out.WriteLine(
            added.Count == 0 ? $"{path}: nothing new"
            : $"{path}: {Plural.Of(added.Count, "row")} of {Plural.Of(runs, "run")} more");
    }

    /// <exception cref="UsageException">The run does not say on which kernel it was measured.</exception>
    private static string KernelOf(RunToTrack run) =>
        HistoryRows.KernelPoint(run.Record.Manifest.Machine) is { Length: > 0 } kernel ? kernel : throw new UsageException(
            $"Run {run.Id} does not know the kernel that it measured; name it with --commit.");

    /// <exception cref="UsageException">The run names no commit, or one that it was not exactly.</exception>
    private static string CommitOf(RunToTrack run, bool takesDirty)
    {
        Manifest manifest = run.Record.Manifest;
        if (manifest.GitCommit is not { Length: > 0 } commit) throw new UsageException(
            $"Run {run.Id} does not know the commit that it measured; name it with --commit.");
        if (manifest.GitDirty != true) return commit;
        return takesDirty ? $"{commit}-dirty" : throw new UsageException(
            $"Run {run.Id} was measured with uncommitted changes on top of {CommitNames.Short(commit)}, so that commit would be "
                + "blamed for them; commit and measure again, name the commit with --commit, or insist with --dirty.");
    }
}
