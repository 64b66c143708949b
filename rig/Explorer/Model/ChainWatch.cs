using Lab.Explorer.Agents;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Model;

/// <summary>Watches the chains of SPTEs: invariant I29, access by access, and whether what two agents do to one descriptor is
/// ordered by anything.</summary>
/// <remarks>Order is made of release and acquire alone, as C11 and the kernel's model define it, whatever the processor does
/// beyond: a lock left without release orders nothing, although no schedule on x86 shows it. What an agent did to a descriptor
/// under a lock that it left so stays open until it releases anything else; who does the opposite to the word meanwhile races
/// with it, unless both hold mmu_lock.</remarks>
internal sealed class ChainWatch(AgentController agents, RmapChains<Explored> chains, MmuLock mmuLock)
{
    private readonly Dictionary<nint, int> _owners = [];
    private readonly List<Access>[] _sections = Lists();
    private readonly List<Access>[] _open = Lists();

    public ulong StateHash()
    {
        ulong hash = 0;
        for (int index = 0; index < _open.Length; index++)
        {
            foreach (Access one in _open[index]) hash += AgentController.Mix((ulong)one.Word, (ulong)index + 1, one.Bits);
        }
        return hash;
    }

    /// <summary>The agent has stored without release; memory may get it later.</summary>
    public void OnRelaxedStore(Agent me, nint word)
    {
        if (!_owners.TryGetValue(word, out int owner) || owner != me.Index) return;
        _open[me.Index].AddRange(_sections[me.Index].Where(one => !_open[me.Index].Contains(one)));
        _sections[me.Index].Clear();
    }

    /// <summary>The agent has done something that whoever acquires it sees after all it did before.</summary>
    public void OnRelease(Agent me) => _open[me.Index].Clear();

    public void OnAccess(Agent me, nint word, OperationKind kind, ulong old, ulong value)
    {
        if (chains.IsHead(word)) OnHead(me, word, kind, old, value);
        else if (chains.DescriptorAt(word) >= 0) OnDescriptor(me, word, kind != OperationKind.Load);
    }

    /// <summary>The agent is done with a pass, or with whatever else it did.</summary>
    public void CheckLeft(Agent me)
    {
        foreach ((nint head, int owner) in _owners)
        {
            if (owner != me.Index || agents.Buffers(me, head)) continue;
            Report($"{me.Name} is done and leaves {agents.WordName(head)} locked");
        }
    }

    private void OnHead(Agent me, nint word, OperationKind kind, ulong old, ulong value)
    {
        if (kind == OperationKind.Load || old == value) return;
        bool wasLocked = (old & RmapChains<Explored>.Locked) != 0, isLocked = (value & RmapChains<Explored>.Locked) != 0;
        if (isLocked && !wasLocked)
        {
            if (old == 0) Report($"{me.Name} locks {agents.WordName(word)}, which is empty");
            _owners[word] = me.Index;
            return;
        }
        bool exclusive = agents.Holds(me, mmuLock, exclusively: true), any = agents.Holds(me, mmuLock, exclusively: false);
        if (!wasLocked)
        {
            if (!exclusive || old != 0) Report($"{me.Name} changes {agents.WordName(word)}, which it has not locked");
            return;
        }
        if (_owners.TryGetValue(word, out int owner) && owner != me.Index)
        {
            Report($"{me.Name} overwrites {agents.WordName(word)}, which {agents.Agents[owner].Name} has locked");
        }
        if (!any && value != (old & ~RmapChains<Explored>.Locked))
        {
            Report($"{me.Name} puts another value into {agents.WordName(word)} than it locked, without mmu_lock");
        }
        _owners.Remove(word);
        _sections[me.Index].Clear();
    }

    private void OnDescriptor(Agent me, nint word, bool writes)
    {
        bool exclusive = agents.Holds(me, mmuLock, exclusively: true), any = agents.Holds(me, mmuLock, exclusively: false);
        bool hasBit = _owners.ContainsValue(me.Index);
        if (writes ? !any || !hasBit : !exclusive && !hasBit)
        {
            Report($"{me.Name} {(writes ? "writes" : "reads")} {agents.WordName(word)} without the lock for it");
        }
        for (int other = 0; other < agents.AgentCount; other++)
        {
            if (other == me.Index) continue;
            foreach (Access one in _open[other])
            {
                if (one.Word != word || (!one.Writes && !writes)) continue;
                if ((one.Exclusive && any) || (one.Any && exclusive)) continue;
                Report($"{me.Name} {(writes ? "writes" : "reads")} {agents.WordName(word)}, which {agents.Agents[other].Name} "
                    + $"{(one.Writes ? "wrote" : "read")} under a lock that it left without release: nothing orders the two");
                return;
            }
        }
        Access mine = new(word, writes, exclusive, any);
        if (!_sections[me.Index].Contains(mine)) _sections[me.Index].Add(mine);
    }

    private void Report(string what) => agents.Report(new Finding(Invariants.I29, what));

    private static List<Access>[] Lists() => [.. Enumerable.Range(0, SmallMemory.AgentsMax).Select(_ => new List<Access>())];

    private readonly record struct Access(nint Word, bool Writes, bool Exclusive, bool Any)
    {
        public ulong Bits => (Writes ? 1u : 0u) | (Exclusive ? 2u : 0u) | (Any ? 4u : 0u);
    }
}
