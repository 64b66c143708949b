using Lab.Mmu;

namespace Lab.Strategies.Ageing;

/// <summary><b>Idea.</b> Each guest frame has a chain of the SPTEs that map it, and the word that leads to it a lock bit. A pass
/// goes from frame to frame under that bit, without mmu_lock.</summary>
/// <remarks>
/// <b>Source.</b> Linux from 6.15 on, the shadow MMU's part: 4834eaded91e, bb6c7749ccee, af3b6a9eba48, as merged: acquire to
/// lock, release to unlock, also for who only reads (reference 10.1–10.5).
/// <para>The lab's roots stand for shadow pages here: faults install under mmu_lock held exclusively, and each leaf joins the
/// chain of its frame. What differs: zaps of whole roots hold mmu_lock shared where their strategy does, so that a leaf may leave
/// its chain under the shared hold and the bit. It is on the chain, so the head is not empty and is locked; a head becomes more
/// than empty under the exclusive hold only.</para>
/// <para><b>Rules.</b> A chain is written under mmu_lock and the bit, read under either. An empty head is never locked: a walker
/// has nothing to do there, and writers are kept apart by mmu_lock. The bit keeps no SPTE from changing: a walker copes with any
/// value. Who unlinks an SPTE needs the bit, so that its table outlives the walk without RCU.</para>
/// <para><b>Pairs.</b> The release of each unlock with the acquire of the next lock: what was done to the chain, and what was
/// read of it, comes before the next owner's accesses.</para>
/// <para><b>Runs beside.</b> Everything; at one frame after the other.</para>
/// <para><b>On return</b> as with <c>lockless</c>; leafs under invalid roots are aged as well.</para>
/// <para><b>Pays.</b> Each fault and each zap, for the chain; whoever zaps a frame that the pass is at.</para>
/// </remarks>
[Strategy("rmap-lock", Code = "A3", Needs = StrategyNeeds.AccessedBits,
    Idea = "a lock bit in the head of each frame's chain of SPTEs keeps the chain for a pass without mmu_lock",
    Source = "Linux 6.15 and later, shadow MMU")]
public class RmapLock<TMachine>(Vm<TMachine> vm) : Ageing<TMachine>(vm), ILeafIndex
    where TMachine : struct, IMachine
{
    private const ulong Locked = RmapChains<TMachine>.Locked;
    private readonly ulong _step = Gfn.FramesPerSpte(vm.Settings.LeafLevel);

    public override ILeafIndex? Leafs => this;

    /// <summary>Every leaf that there is, by frame.</summary>
    public override RmapChains<TMachine> Chains { get; } = new(vm);

    public bool HasRoom => Chains.HasRoom;

    /// <summary>Exclusive hold.</summary>
    public virtual void Add(Gfn gfn, ref ulong sptep)
    {
        ref ulong head = ref Chains.HeadOf(gfn);
        ulong value = Lock(ref head);
        Unlock(ref head, Chains.Add(value, ref sptep));
    }

    public virtual void Remove(Gfn gfn, ref ulong sptep)
    {
        ref ulong head = ref Chains.HeadOf(gfn);
        ulong value = Lock(ref head);
        _ = Chains.TryRemove(ref value, ref sptep, gfn);
        Unlock(ref head, value);
    }

    public override bool ClearYoung(GfnRange range) => Age(range, clears: true);

    public override bool TestYoung(GfnRange range) => Age(range, clears: false);

    protected override void DisposeOwned() => Chains.Dispose();

    /// <summary>Waits for the bit and sets it. Returns the head without it; zero, and nothing is locked, if it is
    /// empty.</summary>
    protected virtual ulong Lock(ref ulong head)
    {
        Backoff backoff = default;
        ulong value = Vm.Machine.LoadRelaxed(ref head);
        while (true)
        {
            while ((value & Locked) != 0)
            {
                Vm.Machine.Relax(ref backoff);
                value = Vm.Machine.LoadRelaxed(ref head);
            }
            if (value == 0) return 0;
            ulong found = Vm.Machine.CompareExchange(ref head, value | Locked, value);
            if (found == value) return value;
            value = found;
        }
    }

    /// <summary>Publishes the head and leaves the lock, if it was taken.</summary>
    protected virtual void Unlock(ref ulong head, ulong value) => Vm.Machine.Store(ref head, value);

    /// <summary>For a walker that changes nothing of the chain and has no mmu_lock.</summary>
    protected virtual ulong LockReadOnly(ref ulong head) => Lock(ref head);

    /// <summary>Puts back what <see cref="LockReadOnly"/> returned.</summary>
    protected virtual void UnlockReadOnly(ref ulong head, ulong value)
    {
        if (value != 0) Vm.Machine.Store(ref head, value);
    }

    private bool Age(GfnRange range, bool clears)
    {
        bool young = false;
        ulong next = range.Start.AlignDown(Vm.Settings.LeafLevel).Value;
        while (next < range.End.Value)
        {
            bool isMapped = Chains.TryHeads(new Gfn(next), out Gfn first, out Span<ulong> heads);
            ulong end = Math.Min(range.End.Value, first.Value + RmapChains<TMachine>.FramesPerBlock);
            for (; next < end; next += _step)
            {
                if (!isMapped) continue;
                young |= AgeFrame(ref heads[(int)(next - first.Value)], clears);
                if (young && !clears) return true;
            }
        }
        return young;
    }

    /// <summary>kvm_rmap_age_gfn_range, one head.</summary>
    protected virtual bool AgeFrame(ref ulong head, bool clears)
    {
        bool young = false;
        ulong value = LockReadOnly(ref head);
        RmapChains<TMachine>.Walk walk = Chains.In(value);
        while (walk.MoveNext())
        {
            ulong spte = Vm.Machine.LoadRelaxed(ref walk.Current);
            if (!Spte.IsPresent(spte) || (spte & Spte.Accessed) == 0) continue;
            young = true;
            if (!clears) break;
            TakeAccessed(ref walk.Current, spte);
        }
        UnlockReadOnly(ref head, value);
        return young;
    }

    /// <summary>Takes the accessed bit out of an entry that was found with it, whatever others do to the entry meanwhile. A lost
    /// race means that it is being changed: it is young anyway.</summary>
    protected virtual void TakeAccessed(ref ulong sptep, ulong spte) =>
        Vm.Machine.CompareExchange(ref sptep, spte & ~Spte.Accessed, spte);
}
