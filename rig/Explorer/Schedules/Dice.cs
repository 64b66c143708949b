using System.Numerics;

namespace Lab.Explorer.Schedules;

/// <summary>A small random generator (splitmix64): the same seed gives the same numbers on every machine and runtime.</summary>
internal struct Dice(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        unchecked
        {
            ulong mixed = _state += 0x9e3779b97f4a7c15;
            mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
            return mixed ^ (mixed >> 31);
        }
    }

    /// <summary>A number below <paramref name="bound"/>, by multiplication: the bias is below bound / 2^32.</summary>
    public uint Below(uint bound) => (uint)((Next() >> 32) * bound >> 32);

    /// <summary>A number below <paramref name="bound"/>, which fits in 63 bits.</summary>
    public long Below(long bound) => (long)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>One of the threads in the mask, each as likely.</summary>
    public int OneOf(uint threads)
    {
        for (uint skip = Below((uint)BitOperations.PopCount(threads)); skip > 0; skip--) threads &= threads - 1;
        return BitOperations.TrailingZeroCount(threads);
    }
}
