namespace Lab.Results;

/// <summary><see cref="Count"/> samples in [<see cref="Low"/>, <see cref="High"/>).</summary>
public readonly record struct Bucket(long Low, long High, long Count)
{
    /// <summary>What a sample of the bucket is taken to be: the integer in the middle, the very value where there is only
    /// one.</summary>
    public long Midpoint => Low + ((High - Low) >> 1);
}

/// <summary>Histograms as sorted lists of non-empty buckets.</summary>
public static class Buckets
{
    /// <summary>Sums bucket by bucket; sorted by lower bound, empty ones dropped.</summary>
    public static IReadOnlyList<Bucket> Merge(IEnumerable<Bucket> buckets) =>
    [
        .. buckets
            .GroupBy(bucket => (bucket.Low, bucket.High), (at, same) => new Bucket(at.Low, at.High, same.Sum(b => b.Count)))
            .Where(bucket => bucket.Count > 0)
            .OrderBy(bucket => bucket.Low)
            .ThenBy(bucket => bucket.High),
    ];
}
