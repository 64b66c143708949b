using Lab.Explorer.Seam;

namespace Lab.Explorer.Agents;

/// <summary>Lets a <see cref="Scheduler"/> choose.</summary>
internal sealed class SchedulerGuide(Scheduler scheduler) : IGuide
{
    private readonly Operation[] _next = new Operation[32];

    public int Next(AgentController agents, uint enabled, int current)
    {
        uint yielded = 0;
        foreach (Agent agent in agents.Agents)
        {
            _next[agent.Index] = agent.Pending;
            if (agent.Waits == Wait.Change) yielded |= 1u << agent.Index;
            if (agent.Buffer.Count != 0)
            {
                _next[AgentController.FirstDrain + agent.Index] = new Operation(OperationKind.Drain, agent.Buffer[0].Word);
            }
        }
        return scheduler.Pick(enabled, current, _next, yielded);
    }
}

/// <summary>Follows picks, and ends the execution behind them, or goes on as a search does that has seen nothing yet.</summary>
/// <param name="picks">Where to.</param>
/// <param name="goesOn">True if the execution is to be made to its end: who runs goes on.</param>
internal sealed class TracedGuide(byte[] picks, bool goesOn = false) : IGuide
{
    private int _at;

    /// <summary>It has come to the end of the picks, and what is found since then is not on the way there.</summary>
    public bool IsBehind { get; private set; }

    public bool HasDiverged { get; private set; }

    /// <summary>The state behind the picks; null if there was nothing left to choose.</summary>
    public ulong? State { get; private set; }

    public int Next(AgentController agents, uint enabled, int current)
    {
        if (_at == picks.Length)
        {
            if (!IsBehind) State = agents.StateHash();
            IsBehind = true;
            if (!goesOn) return -1;
            return current >= 0 && (enabled >> current & 1) != 0 ? current
                : System.Numerics.BitOperations.TrailingZeroCount(enabled);
        }
        int pick = picks[_at++];
        HasDiverged |= (enabled >> pick & 1) == 0;
        return HasDiverged ? -1 : pick;
    }
}

/// <summary>Uniform choice; for learning which words are shared.</summary>
internal sealed class UniformGuide(ulong seed) : IGuide
{
    private ulong _state = seed * 2 + 1;

    public int Next(AgentController agents, uint enabled, int current)
    {
        _state = AgentController.Mix(_state, AgentController.Salt.Draw, 0) | 1;
        int skip = (int)((_state >> 20) % (uint)System.Numerics.BitOperations.PopCount(enabled));
        uint left = enabled;
        while (skip-- > 0) left &= left - 1;
        return System.Numerics.BitOperations.TrailingZeroCount(left);
    }
}

/// <summary>Follows recorded picks. Behind their end, and at choices that are there only because every access is one, the agent
/// that runs goes on if it can.</summary>
internal sealed class RecordedGuide(IReadOnlyList<byte> picks, bool skipsFinePoints) : IGuide
{
    private int _at;

    /// <summary>Number of the first pick that could not be followed, or −1.</summary>
    public int DivergedAt { get; private set; } = -1;

    /// <summary>Switches away from an agent that could have gone on.</summary>
    public int Preemptions { get; private set; }

    public int Next(AgentController agents, uint enabled, int current)
    {
        if (skipsFinePoints && agents.IsFinePoint) return current;
        int pick;
        if (_at < picks.Count)
        {
            pick = picks[_at++];
            if ((enabled >> pick & 1) == 0)
            {
                if (DivergedAt < 0) DivergedAt = _at - 1;
                return -1;
            }
        }
        else
        {
            pick = current >= 0 && (enabled >> current & 1) != 0 ? current
                : System.Numerics.BitOperations.TrailingZeroCount(enabled);
        }
        if (pick < AgentController.FirstDrain && pick != current && current >= 0 && (enabled >> current & 1) != 0) Preemptions++;
        return pick;
    }
}
