using System.Numerics;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Schedules;

/// <summary>Each step is made by one of the threads that can make it, all equally likely.</summary>
/// <remarks>Cheap and a fair first choice; poor where threads are uneven, since a short thread is practically never delayed past
/// a long one (<see cref="Urw"/> fixes that).</remarks>
public sealed class RandomWalk(ulong seed) : DrawingScheduler(seed)
{
    public override string Name => "random";

    private protected override void BeginDrawing(int threads) { }

    public override int Pick(uint enabled, int current, ReadOnlySpan<Operation> next, uint yielded) =>
        BitOperations.IsPow2(enabled) ? BitOperations.TrailingZeroCount(enabled) : _dice.OneOf(enabled);
}
