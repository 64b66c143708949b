using Lab.Explorer.Model;
using Lab.Explorer.Seam;

namespace Lab.Explorer.Agents;

/// <summary>A state of an execution whose steps are recalled, to come back to. Memory is put back by what was written
/// since.</summary>
internal sealed class RecalledState
{
    /// <summary>Numbers of agents' own states.</summary>
    public readonly int[] Agents = new int[SmallMemory.AgentsMax];
    public readonly List<LockFields> Locks = [];
    public readonly List<(int Index, bool Exclusive)> Lines = [];
    public readonly List<AgentController.Callback> Callbacks = [];
    public readonly List<QueueFields> Queues = [];
    public readonly List<AgentController.Item> Items = [];
    public readonly RootWatch.Books Books = new();
    public int Undo;
    public ulong MemoryHash;
    public long Steps;
    public int Picks;

    /// <summary>Of an agent.</summary>
    public sealed class AgentState
    {
        public AgentFields Fields;
        public readonly (int Word, ulong Value)[] Reads = new (int, ulong)[Agent.ReadsMax];
        public readonly (int Lock, long Releases)[] Releases = new (int, long)[Agent.ReleasesMax];
        public readonly List<(int Word, ulong Value, bool IsSeen)> Own = [];
        public readonly int[] RcuDepth = new int[AgentController.DomainsMax];
    }

    /// <summary>Of a lock.</summary>
    public readonly record struct LockFields(
        int Owner, uint Holders, uint Waiters, int DowngradedBy, long Releases, ulong ExclusiveHash, ulong SharedHash, int Line);

    /// <summary>Of a queue.</summary>
    public readonly record struct QueueFields(AgentController.Item Running, long Last, int Items);
}

/// <summary>What an agent is made of beside lists.</summary>
internal struct AgentFields
{
    public bool IsFresh;
    public bool IsFinished;
    public bool IsFused;
    public bool Works;
    public bool MayNotSleep;
    public byte Phase;
    public Wait Waits;
    public Operation Pending;
    public LocalStep? Step;
    public ulong History;
    public ulong Knowledge;
    public ulong Place;
    public ulong ExclusiveLocks;
    public ulong SharedLocks;
    public uint Readers;
    public long FlushUpTo;
    public int RepeatedReads;
    public int ReadCount;
    public int ReleaseCount;
    public int StoredWord;
    public ulong TurnHash;
    public long StepsSeen;
    public ulong LastEvent;
    public long StepCount;
    public ulong Loaded;
    public (nint Word, ulong Value, nint Sleepers) Asleep;
}
