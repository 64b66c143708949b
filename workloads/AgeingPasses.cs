using Lab.Measure;
using Lab.Mmu;
using Lab.Settings;

namespace Lab.Workloads;

/// <summary> The host asks again and again which pages of a guest are in use, all of its memory in one pass, and takes a piece
/// away now and then, so that vCPUs never stop faulting: how long is a pass, and what do vCPUs lose? (Shape H7.)
/// <code> ager      ──pass over all memory──► accessed bits: under mmu_lock, under RCU alone, chain by chain (--ageing) reclaimer
/// ──unmap──► a piece in each root, one after the other vcpu0…n   ──touch──► walk sets the bit, or fault
/// </code> </summary>
/// <remarks>Timed: each pass; each unmap; each fault; each reload. Without a scheme (<c>--ageing none</c>) nothing is asked: that
/// arm shows what vCPUs do undisturbed. Accesses per second of each vCPU are in its counters. After a pass the ager gives way for
/// as long as the pass took. The answer: no invalidation is in progress at the end. Parameters — memory: smoke 8 MiB, measured
/// 256 MiB. Passes: as above, or <c>--rate</c>. Pieces of 512 pages, 500 a second.</remarks>
[Workload(AgeingPasses.Name, Story = "the host ages all of the guest's memory, pass after pass, while vCPUs fault (shape H7)",
    Timed = "age, unmap, fault, reload", Needs = WorkloadNeeds.Roots, Offers = WorkloadOffers.VcpuThreads)]
public sealed class AgeingPasses<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    private const ulong PieceFrames = 512;
    private readonly Vm<TMachine> _vm;

    public AgeingPasses(VmSource<TMachine> source, WorkloadParameters parameters) : base(source, parameters)
    {
        _vm = NewVmWithSlots(taken: PieceFrames);
        Actors =
        [
            .. FaultingVcpus(_vm), new Reclaimer(_vm, MainRange, parameters.Of(AgeingPasses.Reclaims)),
            .. _vm.Ageing.Ages ? [new Ager(_vm, MainRange, parameters.RatePerSecond)] : (WorkloadActor[])[],
        ];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    public override string? Finish()
    {
        long inProgress = _vm.Notifier.InProgress;
        DestroyAndRetire(_vm);
        return inProgress == 0 ? null : $"{inProgress} invalidations are still in progress";
    }

    private sealed class Ager(Vm<TMachine> vm, GfnRange memory, double rate)
        : WorkloadActor(vm.Machine, "ager", ActorRole.Updater)
    {
        private long _took;

        public override IReadOnlyList<string> Metrics { get; } = ["age"];

        public override double RatePerSecond { get; } = rate;

        /// <summary>Another pass at once would find what the last one has made old.</summary>
        public override void Prepare()
        {
            if (RatePerSecond == 0 && _took > 0) vm.Machine.Dally(Math.Min(_took, 50_000_000));
        }

        public override int Step()
        {
            long begin = vm.Machine.Timestamp();
            vm.Ageing.ClearYoung(memory);
            _took = vm.Machine.Timestamp() - begin;
            return 0;
        }
    }

    private sealed class Reclaimer(Vm<TMachine> vm, GfnRange memory, double rate)
        : WorkloadActor(vm.Machine, "reclaimer", ActorRole.Updater)
    {
        private ulong _next;

        public override IReadOnlyList<string> Metrics { get; } = ["unmap"];

        public override double RatePerSecond { get; } = rate;

        public override int Step()
        {
            GfnRange piece = GfnRange.Of(memory.Start.Value + _next, Math.Min(PieceFrames, memory.Frames - _next));
            _next = (_next + PieceFrames) % memory.Frames;
            vm.TakeAway(piece);
            return 0;
        }
    }
}

/// <summary>What <see cref="AgeingPasses{TMachine}"/> can be asked.</summary>
public static class AgeingPasses
{
    public const string Name = "ageing";
    public static SettingGroup Declared { get; } = new(Name, Name);

    /// <summary>Zero is a closed loop.</summary>
    public static Setting<double> Reclaims { get; } = Declared.Add(
        "reclaims", Form.Rate.Or("max", 0) with { Takes = "max or a number" }, "500",
        "2 MiB pieces taken from the guest per second beside the passes", Recorded.WhenSet);
}
