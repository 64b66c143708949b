using Lab.Measure;
using Lab.Mmu;

namespace Lab.Workloads;

/// <summary>
/// Live migration's inner loop: vCPUs write while the dirty log of all guest memory is fetched and cleared again and again, which
/// write-protects what was dirty; now and then logging goes off and on.
/// <code>
///   vcpu0…n   ──write──► slot 0 ──write-protection fault──► log or ring
///   Harvester ──collect, 50/s──► log or ring            after every 16: flags off, flags on
/// </code>
/// </summary>
/// <remarks>Timed: each collect; logging off and on; on radix each fault and each reload, with <c>kernel</c> each access, in the
/// guest, most of which fault after a collect. On radix the lab keeps the log: a collect takes the bits, write-protects those
/// frames in all roots and flushes. The answer: when the load has stopped, in a round under control, each page that was written
/// is reported: by a log once (with large pages at least once), by rings at least once. Parameters — memory: smoke 8 MiB,
/// measured 256 MiB. Collects per second are <c>--rate</c>. Log or ring, of the running kernel, is <c>--dirty</c>.</remarks>
[Workload("dirty-log", Story = "vCPUs write while the dirty log or ring is harvested, and logging is turned off and on",
    Timed = "collect, flags.off, flags.on, fault, reload, access", Needs = WorkloadNeeds.DirtyLog,
    Offers = WorkloadOffers.VcpuThreads)]
public sealed class DirtyLog<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    private const double CollectsPerSecond = 50;

    /// <summary>Pages that each vCPU writes in the round under control: less than a ring holds.</summary>
    private const int PagesUnderControl = 512;

    private readonly Vm<TMachine> _vm;
    private readonly Harvester _harvester;
    private readonly AccessPattern _pattern;

    public DirtyLog(VmSource<TMachine> source, WorkloadParameters parameters) : base(source, parameters)
    {
        _vm = NewVmWithSlots();
        _vm.Slots.SetFlags(MainSlot, MemslotFlags.LogDirtyPages);
        _harvester = new Harvester(_vm, parameters.RatePerSecond > 0 ? parameters.RatePerSecond : CollectsPerSecond);
        _pattern = new AccessPattern(parameters.Seed, MainRange) { Stride = 1, WriteEvery = 1 };
        Actors =
            [.. _vm.Vcpus.Select(vcpu => new FaultingVcpu<TMachine>(_vm, vcpu, PatternOf(vcpu.Index), parameters)), _harvester];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    public override string? Finish()
    {
        string? wrong = _vm.Oracle.IsBugged ? null : UnderControl();
        DestroyAndRetire(_vm);
        return wrong;
    }

    /// <summary>What is wrong with a harvest of so many pages after so many distinct ones were written, or null.</summary>
    public static string? Judge(long written, long reported, bool mayRepeat) =>
        reported == written || (mayRepeat && reported > written) ? null
            : $"{written} pages were written between two harvests, and {reported} were reported dirty";

    private bool MayRepeat => _vm.Slots.Kernel?.ReportsRepeat ?? false;

    private AccessPattern PatternOf(int vcpu) =>
        _pattern with { Cursor = Parameters.Frames * (ulong)vcpu / (ulong)_vm.Vcpus.Count };

    /// <summary>The actors have stopped. Each vCPU writes pages of its own, and a harvest has to show them all.</summary>
    private string? UnderControl()
    {
        _vm.Slots.SetFlags(MainSlot, MemslotFlags.LogDirtyPages);
        ulong own = Math.Min(PagesUnderControl, Parameters.Frames / (ulong)_vm.Vcpus.Count);
        foreach (Vcpu<TMachine> vcpu in _vm.Vcpus) Drain(vcpu);
        _vm.Slots.CollectDirty(MainSlot);
        foreach (Vcpu<TMachine> vcpu in _vm.Vcpus)
        {
            AccessPattern pattern = _pattern with { Main = GfnRange.Of((ulong)vcpu.Index * own, own), Cursor = own - 1 };
            long end = _vm.Machine.Actor.Counters.Accesses + (long)own;
            while (_vm.Machine.Actor.Counters.Accesses < end && !_vm.Oracle.IsBugged)
            {
                if (vcpu.Run(ref pattern, (int)(end - _vm.Machine.Actor.Counters.Accesses)) is { IsDone: false } exit)
                {
                    vcpu.Serve(exit);
                }
            }
        }
        return Judge((long)own * _vm.Vcpus.Count, _vm.Slots.CollectDirty(MainSlot), MayRepeat);
    }

    /// <summary>Makes the accesses that are left from the time under load: those on the vCPU's list, or the one that is
    /// pending.</summary>
    private void Drain(Vcpu<TMachine> vcpu)
    {
        AccessPattern pattern = PatternOf(vcpu.Index);
        int left = vcpu.HasCore ? vcpu.AccessesPerStay : 1;
        while (vcpu.Run(ref pattern, left) is { IsDone: false } exit && !_vm.Oracle.IsBugged)
        {
            // A full ring lets no vCPU go on. On tables of the lab's own each harvest would make the next access fault.
            if (vcpu.HasCore) _vm.Slots.CollectDirty(MainSlot);
            vcpu.Serve(exit);
        }
    }

    /// <summary>The VMM's migration thread.</summary>
    private sealed class Harvester(Vm<TMachine> vm, double ratePerSecond)
        : WorkloadActor(vm.Machine, "harvester", ActorRole.Updater)
    {
        private const int CollectsPerToggle = 16;
        private const int Collect = 0;
        private const int FlagsOff = 1;
        private const int FlagsOn = 2;

        private long _steps;

        public override IReadOnlyList<string> Metrics { get; } = ["collect", "flags.off", "flags.on"];

        public override double RatePerSecond { get; } = ratePerSecond;

        public override int Step()
        {
            switch (_steps++ % (CollectsPerToggle + 2))
            {
                case CollectsPerToggle:
                    vm.Slots.SetFlags(MainSlot, MemslotFlags.None);
                    return FlagsOff;
                case CollectsPerToggle + 1:
                    vm.Slots.SetFlags(MainSlot, MemslotFlags.LogDirtyPages);
                    return FlagsOn;
                default:
                    vm.Slots.CollectDirty(MainSlot);
                    return Collect;
            }
        }
    }
}
