using System.Text;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Agents;

/// <summary>What to say when nobody can go on.</summary>
internal sealed partial class AgentController
{
    /// <summary>Names a word for people; the model knows more than its address.</summary>
    public Func<nint, string>? NameWord { get; set; }

    /// <summary>What a value is called that is no number, or null.</summary>
    public Func<ulong, string?>? NameValue { get; set; }

    /// <summary>A value in the words of a report: the same in every process.</summary>
    public string ValueText(ulong value) => NameValue?.Invoke(value) ?? $"0x{value:x}";

    internal string WordName(nint word) =>
        SleptOn(word) is var slept and not 0 ? $"sleepers on {WordName(slept)}"
            : NameWord?.Invoke(word) ?? $"word{(_wordAt.TryGetValue(word, out int number) ? number : 0)}";

    internal string Describe(Operation operation)
    {
        string what = operation.Kind switch
        {
            OperationKind.Load => "load",
            OperationKind.Store => "store",
            OperationKind.Modify => "read-modify-write",
            OperationKind.EnterExclusive => "lock",
            OperationKind.EnterShared => "lock shared",
            OperationKind.IsContended => "look who waits for",
            OperationKind.Synchronize => "grace period of",
            OperationKind.Barrier => "callbacks of",
            OperationKind.Queue => "queue on",
            OperationKind.Flush => "flush of",
            OperationKind.Work => "item of",
            OperationKind.ExitExclusive or OperationKind.ExitShared => "unlock",
            OperationKind.ExitRcu or OperationKind.EnterRcu or OperationKind.CallRcu => "read-side section or callback of",
            _ => "start",
        };
        return $"{what} {TargetName(operation)}".TrimEnd();
    }

    private string TargetName(Operation operation) => operation.Kind switch
    {
        OperationKind.Load or OperationKind.Store or OperationKind.Modify =>
            operation.Target == 0 ? "nothing" : WordName(_words[operation.Target].Address),
        OperationKind.EnterExclusive or OperationKind.EnterShared or OperationKind.ExitExclusive or OperationKind.ExitShared =>
            LockName(operation.Target - LockTarget),
        OperationKind.IsContended => LockName(operation.Target - WaitersTarget),
        OperationKind.Synchronize or OperationKind.Barrier or OperationKind.CallRcu =>
            _domainNames[operation.Target - DomainTarget],
        OperationKind.Queue or OperationKind.Flush or OperationKind.Work => _queues[operation.Target - QueueTarget].Name,
        _ => "",
    };

    private string LockName(int number) => _lockNumbers.First(pair => pair.Value == number).Key;

    private void ReportStandstill()
    {
        // What a lock protects may be what somebody waits for: explored again, its releases are looked at.
        if (!OrdersAllLocks && Agents.ToArray().Any(agent => agent is { Waits: Wait.Change, IsFinished: false, Works: true }))
        {
            NeedsOrderOfLocks = true;
            _end = ExecutionEnd.Cut;
            return;
        }
        StringBuilder who = new();
        bool spins = false, sleeps = false, locked = false, works = false;
        foreach (Agent agent in Agents)
        {
            if (agent.IsFinished || (agent.IsWorker && agent.Waits == Wait.Item)) continue;
            if (who.Length != 0) who.Append("; ");
            who.Append(agent.Name).Append(" waits for ").Append(WaitText(agent));
            spins |= agent.Waits == Wait.Change;
            sleeps |= agent.Waits == Wait.Woken;
            works |= agent.Waits == Wait.Change && agent.Works;
            locked |= (agent is { Waits: Wait.Change, ReadCount: 0, ReleaseCount: 0 } && HoldsSpinning(agent))
                || agent.Waits is Wait.Exclusive or Wait.Shared or Wait.Readers or Wait.Flush or Wait.Callbacks;
        }
        Report(works ? Livelock($"{who}, and nobody is left to change it")
            : (spins || sleeps) && !locked
            ? new Finding("lost wake-up", "Whoever waits for a change eventually sees it.",
                $"{who}, and nobody is left to {(sleeps ? "wake it" : "change it")}")
            : new Finding("deadlock", "Threads do not wait for each other in a circle.", who.ToString()));
    }

    /// <summary>Alike ends of turns, after which those who make them are taken to go round together.</summary>
    private const int RoundsAlike = 4;

    /// <summary>What turns have ended in, in this execution: how often, how many steps each agent had made then, and how many had
    /// been told.</summary>
    private readonly Dictionary<ulong, (int Count, long[] Steps, int Told)> _rounds = [];

    /// <summary>Whether all who could go on are at the end of a turn, each has made one or more since it was last so, and they
    /// have been there several times, with memory as it is now: they undo each other's steps, and nobody else is left to end
    /// that.</summary>
    private bool GoesRound(Agent me)
    {
        ulong key = _memoryHash;
        long[] steps = new long[_count];
        foreach (Agent agent in Agents)
        {
            steps[agent.Index] = agent.StepCount;
            if (agent.Buffer.Count != 0) return false;
            bool turns = agent == me || (agent.Waits == Wait.Change && !agent.IsFinished);
            if (!turns && !agent.IsFinished && CanGoOn(agent)) return false;
            // Who cannot go on has made no step in between either.
            key = Mix(key, turns ? agent.TurnHash : (ulong)agent.StepCount, (ulong)agent.Index);
        }
        int told = Teller?.Steps.Count ?? 0;
        if (!_rounds.TryGetValue(key, out (int Count, long[] Steps, int Told) last)) last = (0, new long[_count], told);
        bool isFair = true;
        foreach (Agent agent in Agents)
        {
            bool turns = agent == me || (agent.Waits == Wait.Change && !agent.IsFinished && HasChanged(agent));
            isFair &= !turns || steps[agent.Index] > last.Steps[agent.Index];
        }
        if (!isFair) return false;
        _rounds[key] = (last.Count + 1, steps, told);
        if (last.Count + 1 < RoundsAlike) return false;
        _roundBegan = last.Told;
        return true;
    }

    /// <summary>Steps that had been told when the round began that <see cref="GoesRound"/> has found; 0 for none.</summary>
    private int _roundBegan;

    private Finding Livelock(string who)
    {
        StringBuilder circle = new();
        foreach (Agent agent in Agents)
        {
            if (agent.IsFinished || Teller is null) continue;
            IReadOnlyList<string> turn = _roundBegan > 0 ? Teller.Since(_roundBegan, agent) : Teller.TurnOf(agent, agent.Works);
            if (turn.Count == 0) continue;
            circle.Append($". {agent.Name} goes round: {string.Join(", ", turn)}");
        }
        return new Finding("livelock", "Whoever goes round in a circle gets out of it.", $"{who}{circle}");
    }

    private string WaitText(Agent agent) => agent.Waits switch
    {
        Wait.Exclusive => $"{TargetName(agent.Pending)}, held by {HoldersOf(agent.Pending.Target - LockTarget)}",
        Wait.Shared => $"{TargetName(agent.Pending)} shared, held by {HoldersOf(agent.Pending.Target - LockTarget)}",
        Wait.Readers => $"the grace period of {TargetName(agent.Pending)}: {Names(agent.Readers)} still reads",
        Wait.Change => agent.ReadCount == 0
            ? agent.ReleaseCount != 0 ? "a change under a lock" : "something that is no word of the machine" + Holding(agent)
            : "a change of "
                + string.Join(" or ", agent.Reads.Take(agent.ReadCount)
                    .Select(read => $"{WordName(_words[read.Word].Address)} ({ValueText(read.Value)})").Distinct().TakeLast(3)),
        Wait.Woken => SleepText(agent),
        Wait.Flush => $"the flush of {TargetName(agent.Pending)}",
        Wait.Callbacks => "callbacks of a grace period that does not end",
        Wait.Others => "the others to end",
        _ => Describe(agent.Pending),
    };

    /// <summary>", with mmu_lock held", or nothing.</summary>
    private string Holding(Agent agent)
    {
        ulong held = agent.ExclusiveLocks | agent.SharedLocks;
        string[] names = [.. _lockNumbers.Where(pair => (held >> pair.Value & 1) != 0).Select(pair => pair.Key)];
        return names.Length == 0 ? "" : $", with {string.Join(" and ", names)} held";
    }

    /// <summary>It holds a lock that is not slept for; slots_lock is held during every update.</summary>
    private bool HoldsSpinning(Agent agent)
    {
        ulong held = agent.ExclusiveLocks | agent.SharedLocks;
        for (int number = 0; held != 0 && number < _locks.Length; number++)
        {
            if ((held >> number & 1) != 0 && !_locks[number].IsSleptFor) return true;
        }
        return false;
    }

    private string HoldersOf(int number)
    {
        LockState state = _locks[number];
        string holders = state.Owner >= 0 ? _agents[state.Owner].Name : state.Holders == 0 ? "nobody" : Names(state.Holders);
        return state.Line.Count < 2 ? holders
            : $"{holders} (in line: {string.Join(", ", state.Line.Select(waiter => _agents[waiter.Index].Name))})";
    }

    private string Names(uint mask) => string.Join(", ",
        Enumerable.Range(0, _count).Where(index => (mask >> index & 1) != 0).Select(index => _agents[index].Name));
}
