using System.Globalization;
using System.Text.RegularExpressions;
using Lab.Explorer.Agents;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Model;

/// <summary>Watches the roots of an execution step by step: who holds which reference, and the invariants of section 12 of the
/// reference that can be seen on the small model. Looks at memory directly, which is no step of anybody.</summary>
/// <remarks>The books: a reference that an agent takes is the agent's, also one that its put brought back from zero. One that is
/// queued is the item's, and then the worker's. What nobody in particular owns is in the pool of its root: the MMU's own
/// reference, one on a strategy's list. A put takes the agent's own reference, or one of the pool if it has none; a put that
/// finds neither drops somebody else's reference, and that is the first wrong step, whatever the count says.</remarks>
internal sealed unsafe partial class RootWatch(AgentController agents, SmallMemory memory) : ITableWatch
{
    // SAFETY: headers and tables are SmallMemory's, which stay mapped, and are used once, for as long as the program lives.
    private const int RootsMax = 64;
    private readonly Finding?[] _firstWrong = new Finding?[RootsMax];
    private bool _isAnyWrong;
    private readonly List<TdpRoot> _atInvalidate = [];

    /// <summary>Between a notifier's start and its end.</summary>
    private readonly List<(GfnRange Asked, IReadOnlyList<GfnRange> Places)> _taking = [];
    private readonly Dictionary<(string Invariant, string What), Finding> _claims = [];
    private readonly long[] _accesses = new long[SmallMemory.AgentsMax];
    private Vm<Explored>? _vm;
    private Agent? _zapper;
    private bool _ending;

    /// <summary>Of the VM's ageing scheme, if it keeps chains.</summary>
    public ChainWatch? Chains { get; private set; }

    /// <summary>Bit per agent whose iteration sees valid roots only: invariant I15 is about it.</summary>
    public uint ValidOnlyReaders { get; private set; }

    public void BeginValidOnly(Agent me)
    {
        Note(LocalEffectKind.ValidOnly);
        ValidOnlyReaders |= 1u << me.Index;
    }

    public void EndValidOnly(Agent me)
    {
        Note(LocalEffectKind.ValidOnlyEnd);
        ValidOnlyReaders &= ~(1u << me.Index);
    }

    /// <summary>What is broken without anything going wrong, over all executions.</summary>
    public IReadOnlyCollection<Finding> Claims => _claims.Values;

    public void Begin(Vm<Explored> vm)
    {
        _vm = vm;
        Chains = vm.Ageing.Chains is { } chains ? new ChainWatch(agents, chains, vm.MmuLock) : null;
        vm.ReferenceHandedOver = OnHandedOver;
        vm.Looked = OnLooked;
        Array.Clear(_books);
        Array.Clear(_firstWrong);
        _isAnyWrong = false;
        Array.Clear(_accesses);
        Array.Clear(_yieldedAt);
        _atInvalidate.Clear();
        _taking.Clear();
        _stale.Clear();
        _frozenBy.Clear();
        _frozenUndo.Clear();
        Facts = null;
        _zapper = null;
        ValidOnlyReaders = 0;
        _ending = false;
    }

    /// <summary>What the books say: part of the state, since what they will find depends on it.</summary>
    public ulong StateHash()
    {
        ulong hash = (_zapper is null ? 0 : (ulong)_zapper.Index + 1) + (Chains?.StateHash() ?? 0) + StaleHash();
        foreach (TdpRoot root in memory.Made)
        {
            int index = Index(root);
            ulong books =
                ((ulong)(uint)Pool(index) << 40) | ((ulong)(uint)Items(index) << 32) | (Zapped(index) != 0 ? 1UL << 63 : 0);
            for (int agent = 0; agent < agents.AgentCount; agent++) books += (ulong)(uint)Held(index, agent) << (2 * agent);
            hash += AgentController.Mix((ulong)root.Header, books, root.Header->State);
            if (Unsaid(index) != 0) hash += AgentController.Mix((ulong)root.Header, (ulong)Unsaid(index), 1);
        }
        return hash;
    }

    /// <summary>Address of the list's own node, to which the first root points back.</summary>
    public ulong ListHead => (ulong)_vm!.Roots.HeadNode;

    public bool IsMmuLock(object theLock) => theLock is MmuLock;

    public bool IsInFastZap(Agent agent) => _zapper == agent;

    /// <summary>The agent's last event and all that it recorded about it are complete.</summary>
    public void AfterStep(Agent me)
    {
        Oracle oracle = _vm!.Oracle;
        if (oracle.IsBugged)
        {
            Note(LocalEffectKind.Violated);
            Violation first = oracle.Violations[0];
            Finding finding = new(first.Invariant, first.Claim, RootNumberPattern().Replace(first.What,
                match => $"root {Letter(ulong.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture))}"));
            agents.Report(FirstWrong(memory.Made.Find(root => root.Id == first.RootId), finding));
            return;
        }
        EventRing ring = _vm!.Machine.Actor.Events;
        for (; me.EventsSeen < ring.Written; me.EventsSeen++) OnEvent(me, ring.At(me.EventsSeen).Kind);
        if (me.Vcpu >= 0) CheckRetired(me);
    }

    public void OnAccess(Agent me, nint word, OperationKind kind, ulong old, ulong value)
    {
        WordOwner owner = memory.OwnerOf(word);
        if (owner == WordOwner.Root)
        {
            TdpRoot root = memory.RootOf(word);
            if (root.Header->State == (ulong)RootState.Dead)
            {
                agents.Report(FirstWrong(root, new Finding(Invariants.I3,
                    $"{me.Name} uses {agents.WordName(word)} after root {SmallMemory.NameOf(root)} was freed: use after free")));
            }
            else if (kind != OperationKind.Load && SmallMemory.IsCount(root, word))
            {
                OnCount(me, root, kind, (long)old, (long)value);
                CompareBooks(me, root, (long)value);
            }
        }
        else if (owner == WordOwner.Table)
        {
            OnEntry(me, word, kind, old, value);
        }
        else
        {
            Chains?.OnAccess(me, word, kind, old, value);
        }
    }

    public void OnLockTaken(Agent me, object theLock, bool exclusive)
    {
        if (!exclusive || !IsMmuLock(theLock)) return;
        for (TdpRoot root = First(); !root.IsNone; root = After(root))
        {
            if (root.Count != 0) continue;
            agents.Report(FirstWrong(root, new Finding(Invariants.I14,
                $"{me.Name} took mmu_lock exclusive while root {SmallMemory.NameOf(root)} is linked with count 0")));
        }
    }

    public void OnLockReleased(Agent me, object theLock, bool isFree)
    {
        if (IsMmuLock(theLock) && isFree) CheckReachable();
        if (theLock is TicketLock spin && spin.Name == _vm!.Roots.PagesLock.Name) CheckRoles();
        Chains?.OnRelease(me);
    }

    public void OnFlush(Agent me, List<AgentController.Item> items, AgentController.Item running)
    {
        foreach (AgentController.Item item in items) CheckOwn(item);
        if (running.Number != 0) CheckOwn(running);

        void CheckOwn(AgentController.Item item)
        {
            if (item.By == me.Index || _ending) return;
            Claim(Invariants.I33, "a fast zap waits for a root that a put queued");
        }
    }

    /// <summary>A root for the report.</summary>
    public RootView View(TdpRoot root)
    {
        List<string> holders = [];
        int index = Index(root);
        for (int agent = 0; agent < agents.AgentCount; agent++)
        {
            if (Held(index, agent) != 0)
            {
                holders.Add(
                    Held(index, agent) == 1 ? agents.Agents[agent].Name : $"{agents.Agents[agent].Name} ×{Held(index, agent)}");
            }
        }
        if (Items(index) != 0) holders.Add("item");
        if (Parked(index) != 0) holders.Add("idle vcpu");
        if (Pool(index) != 0) holders.Add(Pool(index) == 1 ? "MMU" : $"MMU ×{Pool(index)}");
        if (Unsaid(index) != 0) holders.Add($"less {Unsaid(index)} put by another");
        bool dead = root.Header->State == (ulong)RootState.Dead;
        return new RootView(SmallMemory.NameOf(root), dead ? 0 : (long)root.Count, (root.Role & RootRole.Invalid) != 0,
            dead ? "freed" : string.Join(", ", holders));
    }

    /// <summary>A notifier's start returned: nothing maps the range any more, and nothing may until its end.</summary>
    public void BeginTaking(GfnRange range)
    {
        Note(LocalEffectKind.BeginTaking, 0, range.Start.Value, range.End.Value);
        IReadOnlyList<GfnRange> places = [range, .. OtherPlaces(range)];
        foreach (GfnRange place in places)
        {
            CheckUnmapped(place);
            CheckForgotten(place, "a notifier's start", null);
        }
        _taking.Add((range, places));
    }

    /// <summary>The notifier's end is about to be told. The places are those of the start: slots may have gone since.</summary>
    public void EndTaking(GfnRange range)
    {
        Note(LocalEffectKind.EndTaking, 0, range.Start.Value, range.End.Value);
        int at = _taking.FindIndex(one => one.Asked == range);
        if (at < 0) return;
        foreach (GfnRange place in _taking[at].Places) CheckUnmapped(place);
        _taking.RemoveAt(at);
    }

    private void CheckUnmapped(GfnRange range)
    {
        foreach (TdpRoot root in memory.Made)
        {
            if (root.Header->State == (ulong)RootState.Dead || _vm!.Mmu.CountPresent(root, range, Spte.LeafLevel) == 0) continue;
            bool linked = root.Header->Previous != 0;
            if (linked) Report(Invariants.I5, $"root {SmallMemory.NameOf(root)} still maps a frame of {range}");
            else
            {
                Report(Invariants.I4, $"root {SmallMemory.NameOf(root)} is off the list and still maps a frame of {range}, which "
                    + "a notifier could not reach");
            }
        }
    }

    private static string Letter(ulong id) => id is > 0 and <= 26 ? ((char)('A' + (int)id - 1)).ToString() : $"number {id}";

    [GeneratedRegex(@"root#(\d+)")]
    private static partial Regex RootNumberPattern();

    private static int Index(TdpRoot root) => (int)root.Id & (RootsMax - 1);

    private TdpRoot First() => TdpRoot.FromWord(*_vm!.Roots.HeadLink);

    private static TdpRoot After(TdpRoot root) => TdpRoot.FromWord(root.Header->Next);

    private void OnEvent(Agent me, MmuEventKind kind)
    {
        if (kind is not (MmuEventKind.InvalidateAll or MmuEventKind.ZapInvalidatedEnd or MmuEventKind.ZapRoot
            or MmuEventKind.DestroyStart)) return;
        Note(LocalEffectKind.Event, 0, (ulong)kind);
        switch (kind)
        {
            case MmuEventKind.InvalidateAll when !_ending:
                _zapper = me;
                _atInvalidate.Clear();
                foreach (TdpRoot root in memory.Made) if (root.Header->State == (ulong)RootState.Live) _atInvalidate.Add(root);
                break;
            case MmuEventKind.ZapInvalidatedEnd when !_ending:
                CheckFastZap(me);
                _zapper = null;
                break;
            case MmuEventKind.ZapRoot when me.Vcpu >= 0 && _zapper != me && !_ending:
                Claim(Invariants.I34, "a vCPU zaps a root in its put");
                break;
            case MmuEventKind.DestroyStart:
                BeginDestroy();
                break;
        }
    }

    private void CheckFastZap(Agent me)
    {
        foreach (TdpRoot root in memory.Made)
        {
            if (root.Header->State == (ulong)RootState.Dead || _vm!.Mmu.CountPresent(root, DoomedRange, Spte.LeafLevel) == 0)
            {
                continue;
            }
            Report(Invariants.I6, $"root {SmallMemory.NameOf(root)} still maps a frame of {DoomedRange} when the fast zap of "
                + $"{me.Name} for the slot there returns");
        }
        CheckForgotten(DoomedRange, "the fast zap of", me);
        foreach (TdpRoot root in _atInvalidate)
        {
            int index = Index(root);
            Zapped(index) = 1;
            if (root.Header->State == (ulong)RootState.Dead) continue;
            if (!_vm!.IsKept(root) && _vm.Mmu.CountPresent(root, GfnRange.All, RootRole.Normal.Level) != 0)
            {
                Report(Invariants.I6,
                    $"root {SmallMemory.NameOf(root)} still maps something when the fast zap of {me.Name} returns: early return");
            }
            for (int agent = 0; agent < agents.AgentCount; agent++)
            {
                if (agent != me.Index && Inside(index, agent) != 0)
                {
                    Claim(Invariants.I7, "another thread is still inside a detached subtree");
                }
            }
        }
    }

    /// <summary>No vCPU can use a translation of the range any more: it has none, or forgets it before its next access.</summary>
    private void CheckForgotten(GfnRange range, string what, Agent? by)
    {
        for (int vcpu = 0; vcpu < _vm!.Vcpus.Count; vcpu++)
        {
            // One whose root is none or invalid loads another before it enters the guest, and that flushes.
            TdpRoot root = RootOf(vcpu);
            bool reloads = root.IsNone || (root.Role & RootRole.Invalid) != 0;
            if (reloads || (_vm.Requests[vcpu] & VcpuRequests.FlushTlb) != 0) continue;
            for (Gfn gfn = range.Start; gfn.Value < range.End.Value; gfn += 1)
            {
                if (CachedBy(vcpu, gfn) == 0) continue;
                Report(Invariants.I21, $"vcpu{vcpu} still has gfn {gfn} cached when {what}{(by is null ? "" : " " + by.Name)} "
                    + "returns, and nothing makes it forget");
                return;
            }
        }
    }

    private void CheckRetired(Agent me)
    {
        long accesses = _vm!.Machine.Actor.Counters.Accesses;
        long before = _accesses[me.Index];
        _accesses[me.Index] = accesses;
        if (before < 0 || accesses == before) return;
        Note(LocalEffectKind.Retired);
        OnRetired(me);
    }

    /// <summary>An access of a guest has taken effect.</summary>
    private void OnRetired(Agent me)
    {
        CheckProtected(me.Vcpu);
        TdpRoot root = RootOf(me.Vcpu);
        if (root.IsNone || Zapped(Index(root)) == 0 || (root.Role & RootRole.Invalid) == 0) return;
        Report(Invariants.I8, $"an access of {me.Name} took effect through root {SmallMemory.NameOf(root)} after the fast zap "
            + "that invalidated it had returned");
    }

    private void CheckReachable()
    {
        foreach (TdpRoot root in memory.Made)
        {
            if (root.Header->State == (ulong)RootState.Dead || root.Header->Previous != 0) continue;
            if (_vm!.Mmu.CountPresent(root, GfnRange.All, RootRole.Normal.Level) == 0) continue;
            Report(Invariants.I4, $"mmu_lock is free while root {SmallMemory.NameOf(root)}, which maps something, is off the "
                + "list: a notifier would miss it");
        }
    }

    private void CheckRoles()
    {
        for (TdpRoot root = First(); !root.IsNone; root = After(root))
        {
            if ((root.Role & RootRole.Invalid) != 0) continue;
            for (TdpRoot other = After(root); !other.IsNone; other = After(other))
            {
                if (other.Role == root.Role)
                {
                    Report(Invariants.I13,
                        $"roots {SmallMemory.NameOf(root)} and {SmallMemory.NameOf(other)} are both valid and of one role");
                }
            }
        }
    }

    private void Report(Invariant invariant, string what) => agents.Report(new Finding(invariant, what));

    private void Claim(Invariant invariant, string what) =>
        _claims.TryAdd((invariant.Number, what), new Finding(invariant, what));
}
