using System.Reflection;
using Lab.Mmu;
using Lab.Results;
using Lab.Strategies.Ageing;
using Lab.Strategies.Roots;
using Lab.Strategies.Roots.Broken;
using Lab.Workloads;

namespace Lab.Application.Reproducing;

/// <summary>The claims of reference 13.x, as a table of contents. Bounds are for the shape, not for the numbers: what was
/// measured with a hundred cores on other hardware is compared with itself here.</summary>
public static class Claims
{
    private const double Median = 0.5, Tail = 0.99;
    private const string SmallPut = "put.pages_2048", LargePut = "put.pages_16384";

    public static IReadOnlyList<Claim> All { get; } =
    [
        new("H1", "Where the last put zaps, its stall grows with the memory mapped",
            "a vCPU's last put stalled for 485 s (32 TiB) and 900 s (64 TiB); with the worker for less than 100 ms",
            "v2 24/30 and 26/30, 2021-12; Bonzini, 2022-03-05; reference 13.1",
            NameOf(typeof(LastPut<>)),
            [Arm(typeof(Baseline<>)), Arm(typeof(SecondList<>)), Arm(typeof(Workqueue<>)), Arm(typeof(Mainline<>))],
            [
                new("put p50, 64 MiB ÷ 8 MiB", "",
                    (run, _) => Quantile(run, LargePut, Median) / Quantile(run, SmallPut, Median)),
                new("put p50, 64 MiB", "ns", (run, _) => Quantile(run, LargePut, Median)),
            ],
            [
                new("put p50, 64 MiB ÷ 8 MiB", Name(typeof(Baseline<>)), null, AtLeast: 4),
                new("put p50, 64 MiB ÷ 8 MiB", Name(typeof(SecondList<>)), null, AtLeast: 4),
                new("put p50, 64 MiB ÷ 8 MiB", Name(typeof(Workqueue<>)), null, AtMost: 2),
                new("put p50, 64 MiB ÷ 8 MiB", Name(typeof(Mainline<>)), null, AtMost: 2),
            ])
        {
            Limits = "64 MiB stand for terabytes: growth is shown, not the stall itself",
        },

        new("H5", "With one vCPU, unloading throws tables away where no other reference is held",
            "booting took 20 s without and 2 to 4 min with the TDP MMU where a vCPU kept flipping its role",
            "Jeremi, 2023-04-05; edbdb43fc96b, Linux 6.4; reference 13.6",
            NameOf(typeof(RootToggle<>)),
            [
                Arm(typeof(Workqueue<>), "one vCPU", "--vcpus", "1"), Arm(typeof(Workqueue<>), "two vCPUs", "--vcpus", "2"),
                Arm(typeof(Refcount2<>), "one vCPU", "--vcpus", "1"), Arm(typeof(Mainline<>), "one vCPU", "--vcpus", "1"),
            ],
            [
                new("roots rebuilt per root load", "", (run, _) =>
                    Counter(run, "roots_rebuilt") / Counter(run, "root_loads")),
                new("toggle p50", "ns", (run, _) => Quantile(run, "toggle", Median)),
            ],
            [
                new("roots rebuilt per root load", $"{Name(typeof(Workqueue<>))}, one vCPU", null, AtLeast: 0.5),
                new("roots rebuilt per root load", $"{Name(typeof(Refcount2<>))}, one vCPU", null, AtMost: 0.01),
                new("roots rebuilt per root load", $"{Name(typeof(Mainline<>))}, one vCPU", null, AtMost: 0.01),
                new("toggle p50", $"{Name(typeof(Workqueue<>))}, one vCPU", $"{Name(typeof(Mainline<>))}, one vCPU", AtLeast: 2),
            ]),

        new("H6", "A zap that yields to faults flushes again and again; a look before the lock ends that",
            "35 unmaps of a VM's boot became 8,625 remote flushes; with the check before mmu_lock they were 35 again",
            "Yan Zhao, 2023-08-14; d02c357e5bfa, Linux 6.8; reference 13.10",
            NameOf(typeof(YieldAmplification<>)),
            [
                Arm(typeof(Mainline<>), "no yield", "--yield", "off", "--memory", "256MiB"),
                Arm(typeof(Mainline<>), "yields", "--yield", "contended", "--memory", "256MiB"),
                Arm(typeof(Mainline<>), "yields, looks first", "--yield", "contended", "--memory", "256MiB", "--pre-check", "on"),
            ],
            [
                new("flushes per unmap", "", (run, _) => Counter(run, "flushes_per_unmap")),
                new("unmap p50", "ns", (run, _) => Quantile(run, "unmap", Median)),
            ],
            [
                new("flushes per unmap", $"{Name(typeof(Mainline<>))}, yields", $"{Name(typeof(Mainline<>))}, no yield",
                    AtLeast: 50),
                new("flushes per unmap", $"{Name(typeof(Mainline<>))}, yields, looks first",
                    $"{Name(typeof(Mainline<>))}, no yield", AtMost: 2),
            ]),

        new("H7", "Ageing under mmu_lock waits for vCPUs and holds them up; without it neither does",
            "8 to 112 vCPUs: a pass took 0.23 to 13.5 s with the lock, 0.06 to 2.3 s without; vCPUs lost 5 to 20 %, and 0 to 5 %",
            "Houghton, v4 cover, 2024-05-29; Linux 6.15; reference 13.7",
            NameOf(typeof(AgeingPasses<>)),
            [
                Arm(typeof(Mainline<>)), Aged(typeof(UnderMmuLock<>)), Aged(typeof(Lockless<>)), Aged(typeof(RmapLock<>)),
            ],
            [
                new("pass p50", "ns", (run, arm) => Quantile(run, "age", Median)),
                new("accesses of all vCPUs", "1/s", (run, _) => Counter(run, "accesses_per_s")),
                new("fault p99", "ns", (run, _) => Quantile(run, "fault", Tail)),
            ],
            [
                new("pass p50", Label(typeof(UnderMmuLock<>)), Label(typeof(Lockless<>)), AtLeast: 3),
                new("fault p99", Label(typeof(UnderMmuLock<>)), Label(typeof(Lockless<>)), AtLeast: 1.5),
            ]),

        new("H8", "The double put of v3 needs luck: a wider window or another order of the list brings it out",
            "nobody saw it in testing; inserting roots at the tail instead of the head shows it",
            "v3 22/28, 2022-03; reference 3.3 and 3.4",
            NameOf(typeof(RootToggle<>)),
            [
                Arm(typeof(AsyncPut<>), "as posted", "--vcpus", "1"),
                Arm(typeof(AsyncPut<>), "paused", "--vcpus", "1", "--pause", "fast-zap=200us"),
                Arm(typeof(AsyncPut<>), "paused, at the tail", "--vcpus", "1", "--pause", "fast-zap=200us", "--insert", "tail"),
            ],
            [new("runs that went wrong", "", (run, _) => run.Violations.Count > 0 ? 1 : 0)],
            [
                new("runs that went wrong", $"{Name(typeof(AsyncPut<>))}, as posted", null, AtMost: 0.5),
                new("runs that went wrong", $"{Name(typeof(AsyncPut<>))}, paused", null, AtLeast: 0.5),
            ])
        {
            MayBreak = true, Limits = "how often a race is lost depends on the machine; explore finds it on any",
        },
    ];

    private static ClaimArm Arm(Type roots) => new(Name(roots), Name(roots));

    private static ClaimArm Arm(Type roots, string how, params IReadOnlyList<string> options) =>
        new($"{Name(roots)}, {how}", Name(roots), options);

    private static ClaimArm Aged(Type ageing) => new(Label(ageing), Label(ageing));

    private static string Label(Type ageing) => $"{Name(typeof(Mainline<>))}+{Name(ageing)}";

    private static string Name(Type member) => member.GetCustomAttribute<StrategyAttribute>()!.Name;

    private static string NameOf(Type workload) => workload.GetCustomAttribute<WorkloadAttribute>()!.Name;

    private static double? Quantile(RunRecord run, string metric, double p)
    {
        SummaryRow? row = run.Summary.FirstOrDefault(one => one.Metric == metric);
        if (row is null || row.Count == 0) return null;
        return p switch
        {
            Median => row.P50,
            Tail => row.P99,
            _ => row.Max,
        };
    }

    /// <summary>The sum over all actors.</summary>
    private static double? Counter(RunRecord run, string name)
    {
        double[] values = [.. run.Counters.Where(one => one.Counter == name).Select(one => one.Value)];
        return values.Length == 0 ? null : values.Sum();
    }
}
