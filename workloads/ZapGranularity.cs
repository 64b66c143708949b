using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>
/// A root full of leafs is zapped, filled again by the vCPUs and zapped again: for how long at a time can the zapper not yield?
/// (Shape H2: a step takes down one 4 KiB leaf, a leaf table, 1 GiB or what hangs under one entry of the root.)
/// <code>
///   vcpu0…n  ──touch all memory──► root full of leafs
///   Zapper   ──delete/create──► fast zap of the whole root: step, look at the lock, step, look …
///                                                          ╰section╯
/// </code>
/// </summary>
/// <remarks>Timed: each update, with its phases; <c>section</c>, the longest stretch of its zap between two looks at the lock,
/// whoever zapped and in its own time, without what it waited for a core; and the same by what a step takes down:
/// <c>section.4k</c>, <c>.2m</c>, <c>.1g</c>, <c>.root</c>; faults; reloads. A single leaf is too short for a stamp:
/// <c>section.4k</c> is the mean over a leaf table, of which the longest counts. A pass that follows a finer one finds emptied
/// tables, of which it still freezes each entry: so <c>section</c> with <c>fine</c> is that of the 2 MiB pass, little shorter
/// than with <c>2m</c>. Yields are a counter, and where nobody waits for the lock there are none: vCPUs that load roots
/// exclusively do (<c>--root-load</c>). The answer: the slot's generations, counted by the VM, equal the creates. Parameters —
/// memory: smoke 8 MiB; measured 2 GiB and more, since an entry of the root covers 512 GiB and only then differs from one of 1
/// GiB. <c>--zap-passes root</c>, <c>coarse</c>, <c>2m</c> and <c>fine</c> are to be compared. <c>slot-zap</c> zaps no root and
/// shows no section.</remarks>
[Workload("zap-granularity", Story = "roots full of leafs are zapped again and again: for how long can no yield come (shape H2)",
    Timed = "update and its phases, section by level, fault, reload", Needs = WorkloadNeeds.Roots,
    Offers = WorkloadOffers.VcpuThreads)]
public sealed class ZapGranularity<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    private readonly Vm<TMachine> _vm;
    private readonly Zapper _zapper;
    private readonly ulong _generationsAtFirst;

    public ZapGranularity(VmSource<TMachine> source, WorkloadParameters parameters) : base(source, parameters)
    {
        _vm = NewVmWithSlots();
        _vm.Mmu.Sections.AreWatched = true;
        _generationsAtFirst = _vm.Slots.LastGeneration;
        FaultingVcpu<TMachine>[] vcpus = FaultingVcpus(_vm);
        Refill<TMachine> refill = new(_vm, vcpus, parameters.Frames, Refill<TMachine>.All(_vm, parameters));
        _zapper = new Zapper(_vm, ChurnSlot, ChurnRange, 2 * parameters.RatePerSecond, refill);
        Actors = [.. vcpus, _zapper];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    public override string? Finish()
    {
        ulong made = _vm.Slots.LastGeneration - _generationsAtFirst;
        DestroyAndRetire(_vm);
        return JudgeGenerations(made, _zapper.GenerationsMade);
    }

    /// <summary>The VMM's thread, whose deletes are fast zaps; the strategy says which thread zaps.</summary>
    private sealed class Zapper(Vm<TMachine> vm, int slot, GfnRange range, double ratePerSecond, Refill<TMachine> refill)
        : SlotDeleter<TMachine>(vm, slot, range, ratePerSecond, refill)
    {
        private static readonly (PageLevel Level, string Name)[] Levels =
        [
            (PageLevel.Size4K, "section.4k"), (PageLevel.Size2M, "section.2m"), (PageLevel.Size1G, "section.1g"),
            (PageLevel.Size512G, "section.root"),
        ];

        private readonly ZapSections _sections = vm.Mmu.Sections;
        private readonly long[] _phases = new long[UpdatePhases.Count + 1 + Levels.Length];
        private bool _zapped;

        public override IReadOnlyList<string> PhaseNames =>
            [.. base.PhaseNames, "section", .. Levels.Select(level => level.Name)];

        public override ReadOnlySpan<long> Phases => _zapped ? _phases : default;

        public override void Prepare()
        {
            base.Prepare();
            // What others zapped meanwhile is no part of the next update.
            TakeSections();
        }

        public override int Step()
        {
            int metric = base.Step();
            _zapped = metric >= 0;
            if (!_zapped) return metric;
            base.Phases.CopyTo(_phases);
            TakeSections();
            return metric;
        }

        /// <summary>One after the other: the longest of all, and by level.</summary>
        private void TakeSections()
        {
            long longest = _sections.Take(PageLevel.None);
            int at = UpdatePhases.Count;
            foreach ((PageLevel level, _) in Levels)
            {
                long section = _phases[++at] = _sections.Take(level);
                // One leaf stands for no section: that of its table is a step of the pass that follows.
                if (level != PageLevel.Size4K) longest = Math.Max(longest, section);
            }
            _phases[UpdatePhases.Count] = longest;
        }
    }
}
