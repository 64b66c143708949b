using System.CommandLine;
using Lab.Application;
using Lab.Application.Tracking;
using Lab.Cli.Options;
using Lab.Plots;
using Lab.Report.Histories;
using Lab.Results;
using Lab.Results.Tracking;
using Lab.Settings;

namespace Lab.Cli.Track;

/// <summary><c>lab track culprit</c>: the commits among which a regression came about, and how to find the one.</summary>
internal static class TrackCulprit
{
    private const int CommitsMost = 40;

    public static Command Build(LabConsole console)
    {
        TrackOptions options = new();
        Argument<string[]> text = new("series") { Description = "words that name series: strategy, workload, metric, p99, "
            + "settings; all if absent", Arity = ArgumentArity.ZeroOrMore };
        Option<string> change =
            SettingOptions.Text("--change", "the change at this commit, or its beginning; by default every open regression", "");
        Command command = new("culprit", "commits between the last good and the first bad, and how to bisect them");
        command.Arguments.Add(text);
        foreach (Option option in (Option[])[change, options.Repository, options.History, options.Machine, options.Subject])
        {
            command.Options.Add(option);
        }
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            TrackedHistory history =
                TrackedHistory.Read(options.HistoryFile(parsed), parsed.GetValue(options.Machine)!, mayBeOthers: true,
                    options.SubjectOf(parsed));
            history.PrintNotes(console.Error);
            string words = string.Join(' ', parsed.GetValue(text) ?? []), commit = parsed.GetValue(change)!;
            IReadOnlyList<TrackedSeries> series = SeriesText.FindSome(words, history.Series);
            (TrackedSeries Series, TrackedChange Change)[] found =
            [
                .. series.SelectMany(one => commit.Length == 0 ? one.OpenRegressions : one.Changes.Where(
                    at => at.Culprit.FirstBad.StartsWith(commit, StringComparison.Ordinal)), (one, at) => (one, at)),
            ];
            if (found.Length == 0 && commit.Length > 0)
            {
                string[] commits =
                    [.. series.SelectMany(one => one.Changes).Select(at => CommitNames.Short(at.Culprit.FirstBad)).Distinct()];
                throw new UsageException($"No series changes at '{commit}'. "
                    + $"{(commits.Length == 0 ? "None has a change." : $"There are changes at {string.Join(", ", commits)}.")}");
            }
            if (found.Length == 0) console.Out.WriteLine(HistoryReport.Verdict(series));
            GitRepository git = new(parsed.GetValue(options.Repository)!);
            // Series that change between the same two commits have the same suspects.
            foreach (IGrouping<(string Good, string Bad), (TrackedSeries Series, TrackedChange Change)> same in
                found.GroupBy(one => (one.Change.Culprit.LastGood, one.Change.Culprit.FirstBad)))
            {
                Write([.. same], same.Key.Good, same.Key.Bad, history, git, console.Out);
            }
            return ExitCode.Fine;
        }));
        return command;
    }

    private static void Write(IReadOnlyList<(TrackedSeries Series, TrackedChange Change)> changes, string good, string bad,
        TrackedHistory history, GitRepository git, TextWriter to)
    {
        foreach ((TrackedSeries series, TrackedChange change) in changes)
        {
            foreach (string line in TextGrid.Wrap($"{TrackTables.Title(series, history.Series)}: "
                + $"{HistoryFigure.Percent(change.Point.Change)} ({HistoryFigure.MeaningOf(change)})", TextGrid.Width))
            {
                to.WriteLine(line);
            }
        }
        to.WriteLine($"  last good  {good}");
        to.WriteLine($"  first bad  {bad}");
        IReadOnlyList<GitCommit>? between = git.Between(good, bad);
        if (good == bad)
        {
            Sentence("Both ends were measured at one commit: the code did not change, but what it ran on or with did.", to);
        }
        else if (between is null or { Count: 0 })
        {
            string why = between is null ? $"git does not know both in '{git.Folder}' (no repository, a shallow clone, or "
                + "commits that are gone)" : "the second does not come after the first";
            Sentence($"The commits between are unknown: {why}. --repo names another repository.", to);
        }
        else
        {
            to.WriteLine($"  {Plural.Of(between.Count, "commit")} to suspect, oldest first:");
            foreach (GitCommit commit in between.Take(CommitsMost))
            {
                to.WriteLine(Cut($"    {commit.Hash[..10]} {commit.Subject}"));
            }
            if (between.Count > CommitsMost) to.WriteLine($"    and {between.Count - CommitsMost} more");
            if (between.Count > 1) WriteBisect(changes[0].Series, good, bad, to);
        }
        to.WriteLine();
    }

    /// <summary>The good commit is kept as baseline; each step builds, compares with it, and tells git slower (1), not slower (0)
    /// or cannot tell (125).</summary>
    private static void WriteBisect(TrackedSeries series, string good, string bad, TextWriter to)
    {
        SeriesKey key = series.Key;
        string session = series.Points[^1].Session;
        Sentence($"To find it (a history keeps no settings: give those of {session}):", to);
        string[] lines =
        [
            $"git checkout {good}",
            "dotnet run -c Release -- compare \\",
            $"  {key.Strategy} --workload {key.Workload} --mmu {key.Mmu} --save-baseline good",
            $"git bisect start {bad} \\",
            $"  {good}",
            "git bisect run sh -c 'dotnet build -c Release -v q || exit 125",
            $"  dotnet run -c Release --no-build -- compare --baseline good {key.Strategy} \\",
            $"    --metric {key.Metric} --gate",
            "  case $? in 0) exit 0;; 3) exit 1;; *) exit 125;; esac'",
        ];
        foreach (string line in lines) to.WriteLine($"    {line}");
    }

    private static void Sentence(string text, TextWriter to)
    {
        foreach (string line in TextGrid.Wrap(text, TextGrid.Width - 2)) to.WriteLine($"  {line}");
    }

    private static string Cut(string line) => line.Length <= TextGrid.Width ? line : line[..(TextGrid.Width - 1)] + "…";
}
