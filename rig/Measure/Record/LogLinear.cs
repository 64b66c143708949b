using System.Numerics;
using System.Runtime.CompilerServices;

namespace Lab.Measure;

/// <summary>The log-linear bucket layout: below 2^bits every value has its own bucket; above, each power of two is cut into
/// 2^bits buckets of equal width. Indices are contiguous. With 10 bits this is HdrHistogram's own index for three digits and a
/// lowest value of 1, so that an export needs no remapping.</summary>
internal static class LogLinear
{
    /// <summary>The largest value that has a bucket: one hour in nanoseconds.</summary>
    public const long HighestValue = 3_600_000_000_000;

    private const int HighestLog2 = 41;

    // HighestValue lies in [2^41, 2^42): BucketCount relies on it.
    private const uint HighestLog2IsRight =
        checked((uint)(HighestValue >= 1L << HighestLog2 && HighestValue < 1L << (HighestLog2 + 1) ? 0 : -1));

    /// <summary>How many buckets hold 0 … <see cref="HighestValue"/>; a constant when <paramref name="bits"/> is one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int BucketCount(int bits)
    {
        int shift = HighestLog2 - bits + (int)HighestLog2IsRight;
        return (shift << bits) + (int)(HighestValue >> shift) + 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int IndexOf(ulong value, int bits)
    {
        // Setting bit `bits` makes every value below 2^(bits+1) land in group 0, without a branch.
        int shift = 63 - bits - BitOperations.LeadingZeroCount(value | (1UL << bits));
        return (shift << bits) + (int)(value >> shift);
    }

    /// <summary>The smallest value in a bucket.</summary>
    public static long LowOf(int index, int bits)
    {
        int shift = Math.Max(0, (index >> bits) - 1);
        return (long)(index - (shift << bits)) << shift;
    }

    /// <summary>How many values share a bucket.</summary>
    public static long WidthOf(int index, int bits) => 1L << Math.Max(0, (index >> bits) - 1);

    /// <summary>The value a bucket stands for: off by at most half its width.</summary>
    public static long MidpointOf(int index, int bits) => LowOf(index, bits) + (WidthOf(index, bits) >> 1);
}
