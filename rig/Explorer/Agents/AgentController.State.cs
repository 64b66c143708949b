using System.Runtime.CompilerServices;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Agents;

/// <summary>What tells a state of an execution from others, and what an agent does from what it has seen.</summary>
internal sealed partial class AgentController
{
    /// <summary>The same agent that has seen the same must do the same. If it does not, it looks at something that the machine
    /// does not show.</summary>
    private void CheckDeterminism(Agent me, Operation next)
    {
        ulong key = Mix(me.History, (ulong)me.Index + Salt.Prediction, 0);
        if (_nextOf.TryGetValue(key, out Operation before))
        {
            if (before == next) return;
        }
        else
        {
            if (_nextOf.Count < RememberedMax) _nextOf.Add(key, next);
            return;
        }
        if (!OrdersAllLocks)
        {
            NeedsOrderOfLocks = true;
            return;
        }
        IsUncontrollable = true;
        Report(new Finding("nondeterministic", "Code under exploration that sees the same does the same.",
            $"{me.Name}, having seen the same, continued once with {Describe(before)} and now with {Describe(next)}: it is "
                + "nondeterministic, or touches shared state that the machine cannot see"));
    }

    /// <summary>Agents read fields that only a lock orders: explore again with <see cref="OrdersAllLocks"/>.</summary>
    public bool NeedsOrderOfLocks { get; private set; }

    /// <summary>What agents were seen to do shows that they do.</summary>
    public void AskForOrderOfLocks() => NeedsOrderOfLocks = true;

    /// <summary>Forgets what agents did after what: the program is another one now.</summary>
    public void ForgetPrograms()
    {
        _firsts.Clear();
        _nextOf.Clear();
        NeedsOrderOfLocks = false;
    }

    /// <summary>The agent is between two things that it does: all that is left of what it has seen is what it keeps. States that
    /// differ in the rest are one.</summary>
    /// <param name="me">The agent whose turn it is.</param>
    /// <param name="kept">Hash of what it keeps.</param>
    public void Collapse(Agent me, ulong kept)
    {
        if (_direct || _ending) return;
        Recorder?.Collapsed(me, kept);
        me.Collapse(kept);
    }

    /// <summary>Tells the state of the execution from others: what each agent has seen, memory, and what waits for
    /// what.</summary>
    public ulong StateHash()
    {
        ulong hash = _memoryHash + HashOfLocks() + HashOfGracePeriods() + HashOfQueues() + (Watch?.StateHash() ?? 0);
        for (int index = 0; index < _count; index++)
        {
            Agent agent = _agents[index];
            hash += Mix(agent.History, (ulong)(index + 1), ((ulong)agent.Readers << 8) | (ulong)agent.Waits);
            foreach ((int word, ulong value) in agent.Buffer) hash = Mix(hash, (ulong)word, value);
        }
        return hash;
    }

    /// <summary>Tells hashes of different things from each other where their numbers could coincide. Any values do.</summary>
    internal static class Salt
    {
        public const ulong Prediction = 77;
        public const ulong Collapsed = 0xc0;
        public const ulong Finished = 0xf1;
        public const ulong Turn = 0x5e1a;
        public const ulong Arrival = 0xa1;
        public const ulong Event = 0xe7;
        public const ulong Draw = 0x1234;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Mix(ulong a, ulong b, ulong c)
    {
        ulong x = (a ^ (b * 0x9e37_79b9_7f4a_7c15)) + (c ^ 0xd6e8_feb8_6659_fd93) * 0xff51_afd7_ed55_8ccd;
        x ^= x >> 32;
        x *= 0xc4ce_b9fe_1a85_ec53;
        x ^= x >> 29;
        x *= 0x9fb2_1c65_1e98_df25;
        return x ^ (x >> 32);
    }
}
