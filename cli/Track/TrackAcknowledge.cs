using System.CommandLine;
using Lab.Application;
using Lab.Cli.Options;
using Lab.Plots;
using Lab.Report.Histories;
using Lab.Results;
using Lab.Results.Tracking;
using Lab.Settings;

namespace Lab.Cli.Track;

/// <summary><c>lab track acknowledge</c>: somebody says why a change may stay, and no gate asks again.</summary>
internal static class TrackAcknowledge
{
    private readonly record struct Found(TrackedSeries Series, TrackedChange Change);

    public static Command Build(LabConsole console)
    {
        TrackOptions options = new();
        Argument<string[]> text = new("series") { Description = "words that name one series: strategy, workload, metric, "
            + "p99, settings", Arity = ArgumentArity.ZeroOrMore };
        Option<string> change = SettingOptions.Text("--change", "first commit of the new level, or its beginning", "");
        Option<string> reason = SettingOptions.Text("--reason", "why it is acceptable, in one line", "");
        Option<bool> all = new("--all-series") { Description = "every series that changes at that commit" };
        Command command = new("acknowledge", "accept a change, with the reason");
        command.Arguments.Add(text);
        foreach (Option option in (Option[])[change, reason, all, options.History, options.Machine, options.Subject])
        {
            command.Options.Add(option);
        }
        command.SetAction(parsed => Verb.Guarded(console, () =>
        {
            string words = string.Join(' ', parsed.GetValue(text) ?? []), commit = parsed.GetValue(change)!;
            string why = parsed.GetValue(reason)!.Trim();
            bool isEvery = parsed.GetValue(all);
            if (commit.Length == 0) throw new UsageException(
                "lab track acknowledge needs --change COMMIT, which lab track show lists.");
            if (why.Length == 0 || why.Any(char.IsControl)) throw new UsageException(
                "lab track acknowledge needs --reason TEXT, one line that says why the change may stay.");
            if (words.Length == 0 && !isEvery) throw new UsageException(
                "lab track acknowledge needs words that name the series, or --all-series.");
            string path = options.HistoryFile(parsed);
            TrackedHistory history = TrackedHistory.Read(path, parsed.GetValue(options.Machine)!, mayBeOthers: true,
                    options.SubjectOf(parsed));
            history.PrintNotes(console.Error);
            Acknowledge(Choose(history.Series, words, commit, isEvery), TrackedHistory.AcknowledgedBeside(path), why, console);
            return ExitCode.Fine;
        }));
        return command;
    }

    /// <exception cref="UsageException">No such change, or several; the message lists what there is.</exception>
    private static IReadOnlyList<Found> Choose(IReadOnlyList<TrackedSeries> all, string words, string commit, bool isEvery)
    {
        IReadOnlyList<TrackedSeries> named = SeriesText.FindSome(words, all);
        Found[] found =
        [
            .. named.SelectMany(one => one.Changes.Where(change =>
                change.Culprit.FirstBad.StartsWith(commit, StringComparison.Ordinal)).Select(change => new Found(one, change))),
        ];
        if (found.Length == 0)
        {
            string[] commits =
                [.. named.SelectMany(one => one.Changes).Select(change => CommitNames.Short(change.Culprit.FirstBad)).Distinct()];
            throw new UsageException(
                $"{(words.Length == 0 ? "No series changes" : $"No series of '{words}' changes")} at '{commit}'. "
                + (commits.Length == 0 ? "None has a change." : $"There are changes at {string.Join(", ", commits)}."));
        }
        string[] hashes = [.. found.Select(one => one.Change.Culprit.FirstBad).Distinct()];
        if (hashes.Length > 1) throw new UsageException(
            $"'{commit}' is ambiguous, {hashes.Length} commits with changes begin with it: {string.Join(", ", hashes)}.");
        if (found.Length > 1 && !isEvery)
        {
            throw new UsageException($"'{words}' names {found.Length} series that change at {CommitNames.Short(hashes[0])}: "
                + $"{SeriesText.List([.. found.Select(one => one.Series)])}. Name one of them, or give --all-series.");
        }
        return found;
    }

    private static void Acknowledge(IReadOnlyList<Found> found, string path, string reason, LabConsole console)
    {
        AcknowledgementFile file = new(path);
        foreach ((TrackedSeries series, TrackedChange change) in found.Select(one => (one.Series, one.Change)))
        {
            string what = $"{SeriesText.Of(series.Key)}, {HistoryFigure.Percent(change.Point.Change)} at "
                + $"{CommitNames.Short(change.Culprit.FirstBad)}";
            if (change.Acknowledged is { } before)
            {
                console.Out.WriteLine($"already acknowledged: {what} ({before.Reason})");
                continue;
            }
            try
            {
                file.Append(new Acknowledgement(series.Key, change.Culprit.FirstBad, reason, DateTimeOffset.UtcNow));
            }
            catch (ResultsUnwritableException error)
            {
                throw new UsageException($"'{path}' cannot be written ({error.InnerException!.Message.TrimEnd('.')}): free "
                    + "space, allow writing there, or name another history with --history.");
            }
            console.Out.WriteLine($"acknowledged: {what}");
        }
    }
}
