using Lab.Measure;
using Lab.Mmu;
using Lab.Settings;

namespace Lab.Workloads;

/// <summary>
/// Leaf tables are taken out of live roots one after the other, so that huge pages might be mapped there, while vCPUs fault the
/// pages in again and now and then a fast zap takes whole roots apart: a second zapper under the lock (Linux 6.18; 13.12).
/// <code>
///   recoverer   ──one table, 1,000/s──► unlink, take apart, flush     shared hold of mmu_lock, or exclusive (--recover-under)
///   SlotDeleter ──delete/create, 5/s──► fast zap of all roots
///   vcpu0…n     ──touch──► fault ──► another table in its place
/// </code>
/// </summary>
/// <remarks>Timed: each <c>recover</c> that took a table, flush included; each fault; each reload; each update, with its phases.
/// The recoverer goes round through the guest's memory, as through the kernel's list, oldest first; a table that is not there is
/// not recorded. The answer: as many tables as the recoverer says it took were taken apart on its thread, and each time TLBs were
/// flushed once. Parameters — memory: smoke 8 MiB; measured 256 MiB, 128 tables, of which each is back before it is its turn
/// again. Tables per second: 1,000, so that at any time some vCPU faults. With <c>--pages 2MiB</c> there are no leaf tables, and
/// nothing to recover.</remarks>
[Workload(NxRecoveries.Name, Story = "single leaf tables are taken out of live roots beside faults and fast zaps (13.12)",
    Timed = "recover, fault, reload, update and its phases", Needs = WorkloadNeeds.Roots | WorkloadNeeds.Tables,
    Offers = WorkloadOffers.VcpuThreads)]
public sealed class NxRecoveries<TMachine> : Workload<TMachine>
    where TMachine : struct, IMachine
{
    private const double FastZapsPerSecond = 5;

    private readonly Vm<TMachine> _vm;
    private readonly Recoverer _recoverer;

    public NxRecoveries(VmSource<TMachine> source, WorkloadParameters parameters) : base(source, parameters)
    {
        _vm = NewVmWithSlots();
        _recoverer = new Recoverer(
            _vm, MainRange, parameters.Of(NxRecoveries.Recoveries), parameters.Of(NxRecoveries.IsExclusive));
        Actors =
        [
            .. FaultingVcpus(_vm), _recoverer,
            // A delete and its create are two steps of one update.
            new SlotDeleter<TMachine>(_vm, ChurnSlot, ChurnRange, 2 * FastZapsPerSecond),
        ];
    }

    public override IReadOnlyList<WorkloadActor> Actors { get; }

    public override string? Finish()
    {
        DestroyAndRetire(_vm);
        return Judge(_recoverer.Recoveries, _recoverer.Taken, _recoverer.TakenApart, _recoverer.Flushes);
    }

    /// <summary>What is wrong with what a recoverer says against what was counted on its thread, or null.</summary>
    public static string? Judge(long recoveries, long taken, long takenApart, long flushes) =>
        taken != takenApart ? $"the recoverer took {taken} tables, and {takenApart} were taken apart on its thread"
        : recoveries != flushes ? $"{recoveries} recoveries took a table, and {flushes} flushes were made for them"
        : null;

    private sealed class Recoverer(Vm<TMachine> vm, GfnRange memory, double ratePerSecond, bool isExclusive)
        : WorkloadActor(vm.Machine, "recoverer", ActorRole.Updater)
    {
        private readonly ulong _stride = Gfn.FramesPerSpte(PageLevel.Size2M);
        private ulong _next;

        public override IReadOnlyList<string> Metrics { get; } = ["recover"];

        public override double RatePerSecond { get; } = ratePerSecond;

        public override IEnumerable<(string Name, string Unit, double Value)> OwnCounters =>
            [("recoveries", "count", Recoveries), ("tables_taken", "count", Taken)];

        internal long Recoveries { get; private set; }

        internal long Taken { get; private set; }

        internal long TakenApart { get; private set; }

        internal long Flushes { get; private set; }

        public override int Step()
        {
            ActorCounters counters = vm.Machine.Actor.Counters;
            long zappedBefore = counters.TablesZapped, flushesBefore = counters.RemoteFlushes;
            int taken = vm.Recovery.Recover(memory.Start + _next, isExclusive);
            TakenApart += counters.TablesZapped - zappedBefore;
            Flushes += counters.RemoteFlushes - flushesBefore;
            _next += _stride;
            if (_next >= memory.Frames) _next = 0;
            if (taken == 0) return -1;
            Taken += taken;
            Recoveries++;
            return 0;
        }
    }
}

/// <summary>What <see cref="NxRecoveries{TMachine}"/> can be asked.</summary>
public static class NxRecoveries
{
    public const string Name = "nx-recovery";
    public static SettingGroup Declared { get; } = new(Name, Name);

    /// <summary>Zero is a closed loop.</summary>
    public static Setting<double> Recoveries { get; } = Declared.Add(
        "recoveries", Form.Rate.Or("max", 0) with { Takes = "max or a number" }, "1000",
        "leaf tables taken out of the guest's page tables per second", Recorded.WhenSet);

    public static Setting<bool> IsExclusive { get; } = Declared.Add(
        "recover-under", Form.Words(("shared (Linux 6.18 and later)", false), ("exclusive (before)", true)), "shared",
        "hold of mmu_lock under which a table is taken out", Recorded.WhenSet);
}
