using Lab.Results.Statistics;

namespace Lab.Results.Tracking;

/// <summary>One session of a series.</summary>
/// <param name="Session">A run, or a comparison with all its runs.</param>
/// <param name="Value">The median of the session's rows: they are correlated, so the session is the unit.</param>
public readonly record struct SeriesPoint(string Commit, string Session, DateTimeOffset TimeUtc, double Value);

/// <summary>A change of level, in words a person can act on.</summary>
/// <param name="IsRegression">Else it became better.</param>
/// <param name="Acknowledged">Null if nobody has yet.</param>
/// <param name="FixedBy">The first commit of the later level that is as good again as the one before the change; null while there
/// is none.</param>
public sealed record TrackedChange(
    ChangePoint Point, Culprit Culprit, bool IsRegression, Acknowledgement? Acknowledged, string? FixedBy)
{
    /// <summary>For the worse until now, and nobody has said why it may be.</summary>
    public bool IsOpen => this is { IsRegression: true, Acknowledged: null, FixedBy: null };
}

/// <summary>A series, oldest point first, with its changes.</summary>
public sealed record TrackedSeries(
    SeriesKey Key, Better Better, IReadOnlyList<SeriesPoint> Points, IReadOnlyList<TrackedChange> Changes)
{
    /// <summary>What a gate must refuse.</summary>
    public IEnumerable<TrackedChange> OpenRegressions => Changes.Where(change => change.IsOpen);

    /// <summary>The stretches between changes, oldest first; at least one, as a series has points.</summary>
    public IReadOnlyList<Level> Levels
    {
        get
        {
            int[] bounds = [0, .. Changes.Select(change => change.Point.Index), Points.Count];
            return [.. bounds.Zip(bounds.Skip(1), (from, to) => Level.Of(Points, from, to))];
        }
    }
}

/// <summary>Points between two changes.</summary>
/// <param name="From">Index of the first point.</param>
/// <param name="To">Of the first point after it.</param>
/// <param name="Spread">Median absolute deviation, scaled to a standard deviation.</param>
public readonly record struct Level(int From, int To, double Median, double Spread)
{
    internal static Level Of(IReadOnlyList<SeriesPoint> points, int from, int to)
    {
        double[] values = [.. points.Skip(from).Take(to - from).Select(point => point.Value)];
        return new Level(from, to, Statistics.Spread.Median(values), Statistics.Spread.MedianAbsoluteDeviation(values));
    }
}

/// <summary>The commits among which a change must have come about.</summary>
/// <param name="LastGood">Of the last point before the change.</param>
/// <param name="FirstBad">Of the first point after it.</param>
/// <param name="Suspects">Oldest first, without the last good one and with the first bad one; only that one where the commits'
/// order is not known.</param>
public sealed record Culprit(string LastGood, string FirstBad, IReadOnlyList<string> Suspects)
{
    /// <param name="commits">The branch's commits, oldest first (<c>git log --reverse --format=%H</c>); may be empty.</param>
    public static Culprit Of(IReadOnlyList<SeriesPoint> points, ChangePoint change, IReadOnlyList<string> commits)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(change.Index);
        (string good, string bad) = (points[change.Index - 1].Commit, points[change.Index].Commit);
        (int from, int to) = (IndexOf(commits, good), IndexOf(commits, bad));
        return new Culprit(good, bad,
            from >= 0 && to > from ? [.. commits.Skip(from + 1).Take(to - from)] : good == bad ? [] : [bad]);
    }

    private static int IndexOf(IReadOnlyList<string> commits, string commit)
    {
        for (int index = 0; index < commits.Count; index++) if (commits[index] == commit) return index;
        return -1;
    }
}

/// <summary>From rows to series to changes.</summary>
public static class Tracker
{
    /// <summary>Every series of the rows, in the order in which they first appear; its changes are found in it alone.</summary>
    /// <param name="commits">As <see cref="Culprit.Of"/> wants them.</param>
    public static IReadOnlyList<TrackedSeries> Track(
        IReadOnlyList<HistoryRow> rows, IReadOnlyList<Acknowledgement> acknowledged, IReadOnlyList<string> commits,
        DetectorSettings? settings = null)
    {
        settings ??= new DetectorSettings();
        ILookup<SeriesKey, Acknowledgement> bySeries = acknowledged.ToLookup(one => one.Series);
        return [
            .. rows.GroupBy(row => row.Series, (key, same) => Track(key, Points(same), [.. bySeries[key]], commits, settings))];
    }

    /// <summary>Rates are better when higher; all else the lab measures is time, memory or work.</summary>
    public static Better DirectionOf(string unit) => unit.EndsWith("/s", StringComparison.Ordinal) ? Better.Higher : Better.Lower;

    private static List<SeriesPoint> Points(IEnumerable<HistoryRow> rows) =>
    [
        .. rows.GroupBy(row => (row.Commit, row.Session), (one, same) => Median(one, [.. same])).OrderBy(point => point.TimeUtc),
    ];

    private static SeriesPoint Median((string Commit, string Session) one, List<HistoryRow> rows) =>
        new(one.Commit, one.Session, rows.Min(row => row.TimeUtc), Spread.Median([.. rows.Select(row => row.Value)]));

    private static TrackedSeries Track(SeriesKey key, List<SeriesPoint> points, Acknowledgement[] acknowledged,
        IReadOnlyList<string> commits, DetectorSettings settings)
    {
        Better better = DirectionOf(key.Unit);
        List<TrackedChange> changes = [];
        IReadOnlyList<ChangePoint> found = ChangePointDetector.Find([.. points.Select(point => point.Value)], settings);
        foreach ((int place, ChangePoint change) in found.Index())
        {
            // Later points may move a change by a few; an acknowledgement goes with it, as far as the shortest level reaches.
            HashSet<string> near = points.Where((_, index) => Math.Abs(index - change.Index) < settings.MinimumSegment)
                .Select(point => point.Commit).ToHashSet();
            Acknowledgement? seen = acknowledged.FirstOrDefault(one => near.Contains(one.Commit));
            bool isRegression = (change.After > change.Before) == (better == Better.Lower);
            ChangePoint? mended = !isRegression ? null : found.Skip(place + 1).Cast<ChangePoint?>()
                .FirstOrDefault(later => IsAsGood(later!.Value.After, change.Before));
            changes.Add(new TrackedChange(change, Culprit.Of(points, change, commits), isRegression, seen,
                mended is { } last ? points[last.Index].Commit : null));
        }

        return new TrackedSeries(key, better, points, changes);

        // What is too small to be a change is too small to be a difference.
        bool IsAsGood(double level, double before) => better == Better.Lower
            ? level <= before * (1 + settings.MinimumEffect) : level >= before / (1 + settings.MinimumEffect);
    }
}
