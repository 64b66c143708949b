using System.Runtime.CompilerServices;

namespace Lab.Time;

/// <summary>Multiplies by a constant ratio in fixed point: <c>value * multiplier >> 48</c> over 128 bits, so that no product
/// overflows and no division is paid. The ratio is good to 2^-48 of one; results must fit 63 bits.</summary>
internal readonly struct TickScale
{
    private const int Shift = 48;
    private readonly ulong _multiplier;

    /// <param name="ratio">Above 0 and below 32,768: what one unit of input is worth.</param>
    /// <exception cref="ArgumentOutOfRangeException">The ratio cannot be held with 48 fraction bits.</exception>
    public TickScale(double ratio)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ratio);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(ratio, 32_768.0);
        _multiplier = (ulong)Math.Round(ratio * (1UL << Shift));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Apply(ulong value)
    {
        ulong high = Math.BigMul(value, _multiplier, out ulong low);
        return (long)((high << (64 - Shift)) | (low >> Shift));
    }

    /// <summary><see cref="Apply"/> for a signed distance; rounds towards zero.</summary>
    public long ApplySigned(long value) => value >= 0 ? Apply((ulong)value) : -Apply((ulong)-value);
}
