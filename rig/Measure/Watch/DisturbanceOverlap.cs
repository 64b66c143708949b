namespace Lab.Measure;

/// <summary>A stretch of CLOCK_MONOTONIC time, both ends included: a sample from its intended start to its end, or an interval of
/// a timeline.</summary>
public readonly record struct Stretch(long StartNanoseconds, long EndNanoseconds);

/// <summary>Which samples were disturbed, and by what. Nothing is dropped: what is tagged stays, and is shown with and
/// without.</summary>
public static class DisturbanceOverlap
{
    /// <summary>For each stretch the kinds that overlap it, one bit each (<see cref="Bit"/>); 0 where none does. A touch counts:
    /// a sample that ends as a pause begins may have waited for it. Takes O((n + m) log (n + m)) for n stretches and m
    /// disturbances in any order.</summary>
    public static uint[] Tag(IReadOnlyList<Stretch> stretches, IReadOnlyList<Disturbance> disturbances)
    {
        ArgumentNullException.ThrowIfNull(stretches);
        ArgumentNullException.ThrowIfNull(disturbances);
        uint[] tags = new uint[stretches.Count];
        foreach (IGrouping<DisturbanceKind, Disturbance> kind in disturbances.GroupBy(one => one.Kind))
        {
            List<Stretch> busy = Union(kind.Select(one => new Stretch(one.StartNanoseconds, one.EndNanoseconds)));
            for (int i = 0; i < tags.Length; i++) if (Overlaps(busy, stretches[i])) tags[i] |= Bit(kind.Key);
        }
        return tags;
    }

    public static uint Bit(DisturbanceKind kind) => 1u << (int)kind;

    /// <summary>The kinds in a tag, in the order of the enumeration.</summary>
    public static IEnumerable<DisturbanceKind> Kinds(uint tag) =>
        Enum.GetValues<DisturbanceKind>().Where(kind => (tag & Bit(kind)) != 0);

    /// <summary>The same time in stretches that lie apart, ascending.</summary>
    private static List<Stretch> Union(IEnumerable<Stretch> stretches)
    {
        List<Stretch> apart = [];
        foreach (Stretch next in stretches.OrderBy(one => one.StartNanoseconds))
        {
            if (apart.Count > 0 && next.StartNanoseconds <= apart[^1].EndNanoseconds)
            {
                apart[^1] = apart[^1] with { EndNanoseconds = Math.Max(apart[^1].EndNanoseconds, next.EndNanoseconds) };
            }
            else apart.Add(next);
        }
        return apart;
    }

    /// <summary>Looks for the last stretch that starts no later than the other ends; those before it end earlier still.</summary>
    private static bool Overlaps(List<Stretch> apart, Stretch other)
    {
        int low = 0, high = apart.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (apart[middle].StartNanoseconds <= other.EndNanoseconds) low = middle + 1;
            else high = middle;
        }
        return low > 0 && apart[low - 1].EndNanoseconds >= other.StartNanoseconds;
    }
}
