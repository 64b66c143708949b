using System.Numerics;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Schedules;

/// <summary>Partial-order sampling (Yuan, Yang, Gu, CAV 2018; as in Fray): every event waits with a random priority and the
/// highest is executed; events that race with it are redrawn, so that each order of a racing pair stays about as likely however
/// many other events there are.</summary>
public sealed class Pos(ulong seed) : DrawingScheduler(seed)
{
    private readonly ulong[] _priorities = new ulong[32];

    public override string Name => "pos";

    private protected override void BeginDrawing(int threads)
    {
        for (int thread = 0; thread < threads; thread++) _priorities[thread] = _dice.Next();
    }

    public override int Pick(uint enabled, int current, ReadOnlySpan<Operation> next, uint yielded)
    {
        uint candidates = (enabled & ~yielded) != 0 ? enabled & ~yielded : enabled;
        int winner = BitOperations.TrailingZeroCount(candidates);
        for (uint rest = candidates & (candidates - 1); rest != 0; rest &= rest - 1)
        {
            int thread = BitOperations.TrailingZeroCount(rest);
            if (_priorities[thread] > _priorities[winner]) winner = thread;
        }
        Operation executed = next[winner];
        _priorities[winner] = _dice.Next();
        for (uint rest = enabled & ~(1u << winner); rest != 0; rest &= rest - 1)
        {
            int thread = BitOperations.TrailingZeroCount(rest);
            if (next[thread].DependsOn(executed)) _priorities[thread] = _dice.Next();
        }
        return winner;
    }
}
