using System.CommandLine;
using Lab.Application;
using Lab.Application.Tracking;
using Lab.Cli.Options;
using Lab.Plots;
using Lab.Report.Documents;
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
                console.Text.Write(Of([.. same], same.Key.Good, same.Key.Bad, history, git));
            }
            return ExitCode.Fine;
        }));
        return command;
    }

    private static Document Of(IReadOnlyList<(TrackedSeries Series, TrackedChange Change)> changes, string good, string bad,
        TrackedHistory history, GitRepository git) => new("lab track culprit")
    {
        Answer = [.. changes.Select(one => new Prose($"{SeriesText.Title(one.Series, history.Series)}: "
            + $"{HistoryFigure.Percent(one.Change.Point.Change)} ({HistoryFigure.MeaningOf(one.Change)})"))],
        Parts = [new Commands("", $"  last good  {good}", $"  first bad  {bad}"), .. Suspects(changes[0].Series, good, bad, git)],
    };

    private static IEnumerable<Part> Suspects(TrackedSeries series, string good, string bad, GitRepository git)
    {
        IReadOnlyList<GitCommit>? between = git.Between(good, bad);
        if (good == bad)
        {
            yield return new Prose("  Both ends were measured at one commit: the code did not change, but what it ran on or "
                + "with did.");
            yield break;
        }
        if (between is null or { Count: 0 })
        {
            string why = between is null ? $"git does not know both in '{git.Folder}' (no repository, a shallow clone, or "
                + "commits that are gone)" : "the second does not come after the first";
            yield return new Prose($"  The commits between are unknown: {why}. --repo names another repository.");
            yield break;
        }
        yield return new Prose($"  {Plural.Of(between.Count, "commit")} to suspect, oldest first:");
        yield return new Items([.. between.Take(CommitsMost).Select(commit => $"    {commit.Hash[..10]} {commit.Subject}"),
            .. between.Count > CommitsMost ? [$"    and {between.Count - CommitsMost} more"] : (string[])[]]);
        if (between.Count == 1) yield break;
        // The good commit is kept as baseline; each step builds, compares with it, and tells git slower (1), not slower (0) or
        // cannot tell (125).
        SeriesKey key = series.Key;
        yield return new Prose($"  To find it (a history keeps no settings: give those of {series.Points[^1].Session}):");
        yield return new Commands("",
            $"    git checkout {good}",
            "    dotnet run -c Release -- compare \\",
            $"      {key.Strategy} --workload {key.Workload} --mmu {key.Mmu} --save-baseline good",
            $"    git bisect start {bad} \\",
            $"      {good}",
            "    git bisect run sh -c 'dotnet build -c Release -v q || exit 125",
            $"      dotnet run -c Release --no-build -- compare --baseline good {key.Strategy} \\",
            $"        --metric {key.Metric} --gate",
            "      case $? in 0) exit 0;; 3) exit 1;; *) exit 125;; esac'");
    }
}
