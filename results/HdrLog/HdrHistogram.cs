namespace Lab.Results.HdrLog;

/// <summary>A histogram as HdrHistogram keeps it: counts by slot of a <see cref="HdrGeometry"/>.</summary>
public sealed record HdrHistogram
{
    public required HdrGeometry Geometry { get; init; }

    /// <summary>Carried along; only HdrHistogram's shifted and double-valued histograms use it.</summary>
    public int NormalizingIndexOffset { get; init; }

    /// <summary>Likewise.</summary>
    public double ConversionRatio { get; init; } = 1;

    /// <summary>Slots with at least one sample, rising.</summary>
    public required IReadOnlyList<(int Slot, long Count)> Counts { get; init; }

    public long TotalCount => Counts.Sum(slot => slot.Count);

    /// <summary>The largest value that is the same to HdrHistogram as the largest sample; 0 without samples.</summary>
    public long Max => Counts.Count == 0 ? 0 : Geometry.ValuesOf(Counts[^1].Slot).High - 1;

    public IReadOnlyList<Bucket> Buckets => [.. Counts.Select(BucketOf)];

    /// <summary>Of buckets that are slots of the geometry already: nothing is moved, so nothing is lost.</summary>
    /// <exception cref="ArgumentException">A bucket is no slot of the geometry, or lies beyond it.</exception>
    public static HdrHistogram Of(IEnumerable<Bucket> buckets, HdrGeometry? geometry = null)
    {
        geometry ??= HdrGeometry.OfTheLab;
        return new HdrHistogram
        {
            Geometry = geometry,
            Counts = [.. Results.Buckets.Merge(buckets).Select(bucket => (Slot(bucket, geometry), bucket.Count))],
        };
    }

    /// <summary>Of one metric of one measurement, as a run folder holds it.</summary>
    /// <exception cref="ArgumentException">As above, or the rows are of several metrics or measurements.</exception>
    public static HdrHistogram Of(IReadOnlyCollection<HistogramRow> rows)
    {
        if (rows.Select(row => (row.Key, row.Metric)).Distinct().Count() > 1)
        {
            throw new ArgumentException("Histograms of different metrics or measurements cannot be merged.", nameof(rows));
        }
        return Of(rows.Select(row => new Bucket(row.Low, row.High, row.Count)));
    }

    /// <summary>The same as rows of a run folder.</summary>
    public IReadOnlyList<HistogramRow> ToRows(MeasurementKey key, string metric, string unit) =>
    [
        .. Buckets.Select(bucket => new HistogramRow
        {
            Strategy = key.Strategy, Workload = key.Workload, Mmu = key.Mmu, Run = key.Run,
            Metric = metric, Unit = unit, Low = bucket.Low, High = bucket.High, Count = bucket.Count,
        }),
    ];

    private Bucket BucketOf((int Slot, long Count) counted)
    {
        (long low, long high) = Geometry.ValuesOf(counted.Slot);
        return new Bucket(low, high, counted.Count);
    }

    private static int Slot(Bucket bucket, HdrGeometry geometry)
    {
        int slot = bucket.Low < 0 ? -1 : geometry.SlotOf(bucket.Low);
        if (slot < 0 || slot >= geometry.SlotCount || geometry.ValuesOf(slot) != (bucket.Low, bucket.High))
        {
            string slots = $"{geometry.Digits} digits from {geometry.Lowest} to {geometry.Highest}";
            throw new ArgumentException($"[{bucket.Low}, {bucket.High}) is not a slot of {slots}.", nameof(bucket));
        }

        return slot;
    }
}
