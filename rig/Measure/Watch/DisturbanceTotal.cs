namespace Lab.Measure;

/// <summary>One kind of disturbance within a stretch of time.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Count">How many overlap the stretch.</param>
/// <param name="Nanoseconds">How much of the stretch lies in any of them; time in two at once counts once.</param>
public readonly record struct DisturbanceTotal(DisturbanceKind Kind, int Count, long Nanoseconds)
{
    /// <summary>The kinds that occur in a window, in the order of the enumeration.</summary>
    public static IReadOnlyList<DisturbanceTotal> Within(Stretch window, IReadOnlyList<Disturbance> disturbances)
    {
        ArgumentNullException.ThrowIfNull(disturbances);
        List<DisturbanceTotal> totals = [];
        foreach (IGrouping<DisturbanceKind, Disturbance> kind in disturbances
            .Where(one => one.StartNanoseconds <= window.EndNanoseconds && one.EndNanoseconds >= window.StartNanoseconds)
            .GroupBy(one => one.Kind)
            .OrderBy(kind => kind.Key))
        {
            IEnumerable<Stretch> inside = kind.Select(one =>
                new Stretch(Math.Max(one.StartNanoseconds, window.StartNanoseconds), Math.Min(one.EndNanoseconds, window.EndNanoseconds)));
            totals.Add(new(kind.Key, kind.Count(), DisturbanceOverlap.Union(inside).Sum(one => one.EndNanoseconds - one.StartNanoseconds)));
        }
        return totals;
    }
}
