using System.Numerics;

namespace Lab.Results.HdrLog;

/// <summary>Where HdrHistogram puts a value: below <see cref="SubBucketCount"/> units each has its own slot; above, each power of
/// two is cut into half as many. With lowest 1 and 3 digits the slots are exactly the lab's own buckets, so that nothing moves on
/// the way. Source: HdrHistogram, <c>AbstractHistogram</c> (init, countsArrayIndex, valueFromIndex).</summary>
public sealed record HdrGeometry
{
    /// <summary>The lab's recorder: from 1 ns to an hour, three digits.</summary>
    public static HdrGeometry OfTheLab { get; } = new(1, 3_600_000_000_000, 3);

    private readonly int _unitMagnitude;

    /// <param name="lowest">Smallest difference that is kept, at least 1.</param>
    /// <param name="highest">Largest value that has a slot, at least twice the lowest.</param>
    /// <param name="digits">Significant decimal digits, 0 … 5.</param>
    /// <exception cref="ArgumentOutOfRangeException">None of the above, or more digits than 63 bits leave room for.</exception>
    public HdrGeometry(long lowest, long highest, int digits)
    {
        if (!IsOne(lowest, highest, digits)) throw new ArgumentOutOfRangeException(nameof(highest), highest,
            $"There is no histogram of {digits} digits from {lowest} to this.");
        (Lowest, Highest, Digits) = (lowest, highest, digits);
        SubBucketCount = SubBuckets(digits);
        _unitMagnitude = BitOperations.Log2((ulong)lowest);
        int buckets = 1;
        for (long covered = (long)SubBucketCount << _unitMagnitude; covered <= highest && covered > 0; covered <<= 1) buckets++;
        SlotCount = (buckets + 1) * (SubBucketCount / 2);
    }

    /// <summary>Whether there is such a histogram.</summary>
    internal static bool IsOne(long lowest, long highest, int digits) =>
        lowest >= 1 && highest / 2 >= lowest && digits is >= 0 and <= 5
        && BitOperations.Log2((ulong)lowest) + BitOperations.Log2((uint)SubBuckets(digits)) <= 61;

    private static int SubBuckets(int digits) =>
        Math.Max(2, (int)BitOperations.RoundUpToPowerOf2(2 * (uint)Math.Pow(10, digits)));

    public long Lowest { get; }
    public long Highest { get; }
    public int Digits { get; }
    public int SubBucketCount { get; }

    /// <summary>Length of HdrHistogram's counts array.</summary>
    public int SlotCount { get; }

    /// <summary>The slot of a value; it may lie beyond <see cref="SlotCount"/>.</summary>
    public int SlotOf(long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        int half = BitOperations.Log2((uint)SubBucketCount) - 1;
        int bucket = Math.Max(0, BitOperations.Log2((ulong)value | 1) - half - _unitMagnitude);
        return (bucket << half) + (int)(value >> (bucket + _unitMagnitude));
    }

    /// <summary>The values of a slot, half-open.</summary>
    public (long Low, long High) ValuesOf(int slot)
    {
        int half = BitOperations.Log2((uint)SubBucketCount) - 1;
        int bucket = Math.Max(0, (slot >> half) - 1);
        int shift = bucket + _unitMagnitude;
        long low = (long)(slot - (bucket << half)) << shift;
        long high = low + (1L << shift);
        return (low, high < low ? long.MaxValue : high);
    }
}
