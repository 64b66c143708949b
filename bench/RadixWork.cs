using Lab.Mmu;
using Lab.Strategies.Roots;

namespace Lab.Bench;

/// <summary>The hot paths of the radix MMU over a range of guest frames that begins at zero: install a leaf for each, walk to
/// each, zap all. Tables stay when their leafs are zapped.</summary>
/// <remarks>The calls are those of the lab itself: <c>Vm.Map</c> as the fault path makes it, <c>Vm.Walk</c> as a vCPU makes it,
/// the pass that mainline zaps with. Two differences, made because the C peer has neither: the shared hold and the read-side
/// section are entered once around a batch, where the fault path enters them for every fault and a vCPU the section for every
/// walk.</remarks>
internal sealed class RadixWork : IDisposable
{
    private readonly Vm<Metal> _vm;
    private readonly RadixMmu<Metal, FourLevels> _radix;
    private readonly TdpRoot _root;
    private readonly int _threads;

    /// <param name="pages">Guest frames, and so leafs.</param>
    /// <param name="threads">Installers; each gets an equal share of the frames, in one piece.</param>
    public RadixWork(int pages, int threads)
    {
        Pages = pages;
        _threads = threads;
        _vm = StrategyVm.Create(typeof(Mainline<>), new VmSettings { Vcpus = threads, MemoryBytes = (long)pages << 12 });
        _radix = (RadixMmu<Metal, FourLevels>)_vm.Mmu;
        if (_vm.Vcpus[0].SwitchRole(RootRole.Normal) != ExitOutcome.Reloaded)
        {
            throw new InsufficientMemoryException("Out of table pages for a root.");
        }
        _root = _vm.Vcpus[0].Root;
    }

    public int Pages { get; }

    /// <summary>What <see cref="Walk"/> must return when every frame is installed: computed from the format, without the
    /// MMU.</summary>
    public ulong ExpectedSum
    {
        get
        {
            ulong sum = 0;
            for (ulong gfn = 0; gfn < (ulong)Pages; gfn++)
            {
                sum += Spte.MakeLeaf(new Hva(gfn << 12), Spte.LeafLevel, mayWrite: true, write: true);
            }
            return sum;
        }
    }

    /// <summary>Installs the share of one installer, on the calling thread. Others may install theirs at the same time.</summary>
    public void Install(int installer)
    {
        ulong from = (ulong)((long)Pages * installer / _threads);
        ulong to = (ulong)((long)Pages * (installer + 1) / _threads);
        Vm<Metal> vm = _vm;
        TdpRoot root = _root;
        TableCache tables = _vm.Vcpus[installer].Tables;
        SharedHold hold = _vm.EnterShared();
        _vm.Machine.EnterRcu(_vm.Rcu);
        for (ulong gfn = from; gfn < to; gfn++)
        {
            MapOutcome outcome = vm.Map(tables, root, new Mapping(new Gfn(gfn), new Hva(gfn << 12), MayWrite: true, Write: true));
            if (outcome != MapOutcome.Fixed) gfn -= TopUpFor(outcome, tables);
        }
        _vm.Machine.ExitRcu(_vm.Rcu);
        _vm.Exit(hold);
    }

    /// <summary>Walks to every frame in order, without lock as a guest does. Returns the sum of the SPTEs found.</summary>
    public ulong Walk()
    {
        Vm<Metal> vm = _vm;
        TdpRoot root = _root;
        ulong pages = (ulong)Pages;
        ulong sum = 0;
        vm.Machine.EnterRcu(vm.Rcu);
        for (ulong gfn = 0; gfn < pages; gfn++)
        {
            if (vm.Walk(root, new Gfn(gfn), write: false, out ulong spte) == WalkOutcome.Ok) sum += spte;
        }
        vm.Machine.ExitRcu(vm.Rcu);
        return sum;
    }

    /// <summary>Mainline's 4 KiB pass over the whole root, with its yield checks. Returns the leafs zapped.</summary>
    public long Zap()
    {
        ActorCounters counters = Actor.Current.Counters;
        long before = counters.LeafsZapped;
        SharedHold hold = _vm.EnterShared();
        _radix.ZapPass(_root, hold, Spte.LeafLevel, mayYield: true, null);
        _vm.Exit(hold);
        return counters.LeafsZapped - before;
    }

    /// <exception cref="InvalidOperationException">The VM's own checks found something wrong.</exception>
    public void Dispose()
    {
        _vm.Destroy();
        int violations = _vm.Oracle.Count;
        _vm.Dispose();
        if (violations != 0) throw new InvalidOperationException($"The VM reported {violations} violations of its invariants.");
    }

    /// <summary>A table was missing and the cache empty: only in the first round. Returns how many frames to try again: the
    /// one.</summary>
    private static ulong TopUpFor(MapOutcome outcome, TableCache tables)
    {
        if (outcome != MapOutcome.NoMemory || !tables.TopUp()) throw new InvalidOperationException(
            $"An install into an empty entry came to {outcome}.");
        return 1;
    }
}
