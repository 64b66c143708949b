using System.Text.Json.Nodes;
using Lab.Results;
using Lab.Tests.Cli;
using Lab.Tests.Conformance;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Guests;

/// <summary><c>lab compare --kernel A --kernel B</c> from two guests to its report, with a program in QEMU's stead: the first
/// kernel zaps in the caller, the second queues, flushes twice as often and may warn.</summary>
public sealed class KernelCompareTests : IDisposable
{
    private const string Warning = "WARNING: CPU: 0 PID: 1 at arch/x86/kvm/mmu/tdp_mmu.c:77 f+0x1/0x2";
    private readonly FakeKernel _fake = new();

    public void Dispose() => _fake.Dispose();

    private string Out => Path.Combine(_fake.Folder, "out");

    private LabExit Compare(bool warns, params string[] options)
    {
        string plain = _fake.Tree("plain"), patched = _fake.Tree("patched");
        Leave("plain", flushes: 20, "mainline-6.1-2vcpu-delete.txt", "mainline-6.1-2vcpu-reset.txt", "[ 1.0] fine");
        Leave("patched", flushes: 40, "workqueue-2vcpu-delete.txt", "workqueue-6.1-2vcpu-reset.txt",
            warns ? $"[ 2.0] {Warning}" : "[ 1.0] fine");
        // What is left is in the folder of the kernel's name.
        string qemu = $"left={_fake.Folder}/left-plain; [[ $* == *patched* ]] && left={_fake.Folder}/left-patched\n"
            + "tar -cf $disk0.tar -C $left control work; dd if=$disk0.tar of=$disk0 bs=1M seek=1 conv=notrunc 2> /dev/null\n"
            + "echo 1 | dd of=$disk0 conv=notrunc 2> /dev/null; rm $disk0.tar";
        return LabProcess.RunIn($"PATH={_fake.Programs(qemu)}:$PATH exec \"$@\"",
            ["compare", "--kernel", plain, "--kernel", patched, "--processor", "emulated", "--out", Out, .. options]);
    }

    private void Leave(string name, double flushes, string delete, string reset, string messages)
    {
        string left = Path.Combine(_fake.Folder, $"left-{name}"), traces = Path.Combine(left, "work", "results", "traces");
        Directory.CreateDirectory(Path.Combine(left, "control"));
        Directory.CreateDirectory(traces);
        foreach ((string file, string text) in ((string, string)[])[("kernel", $"6.1.0-{name}\n"), ("codes", "0\n0\n0\n"),
            ("output", ""), ("dmesg", messages)])
        {
            File.WriteAllText(Path.Combine(left, "control", file), text);
        }
        File.WriteAllLines(Path.Combine(traces, $"6.1.0-{name}-delete.txt"), ConformanceCase.ReadLines(delete));
        File.WriteAllLines(Path.Combine(traces, $"6.1.0-{name}-reset.txt"), ConformanceCase.ReadLines(reset));
        RunFolder run = RunFolder.Create(Path.Combine(left, "work", "results", "runs"), SampleRun.Manifest);
        CounterRow Counter(string counter, double value) => new()
        {
            Strategy = "kernel", Workload = "memslot-churn", Mmu = "kvm", Run = 1, Counter = counter, Unit = "count",
            Value = value,
        };
        run.Write(new MeasurementRows(new Measurement
            { Strategy = "kernel", Workload = "memslot-churn", Mmu = "kvm", Run = 1, MeasuredS = 1 })
        {
            Summary = [new SummaryRow { Strategy = "kernel", Workload = "memslot-churn", Mmu = "kvm", Run = 1, Metric = "update",
                Unit = "ns", Count = 10, Min = 1, Mean = 1, P50 = 1, P90 = 1, P99 = 1, P999 = 1, P9999 = 1, Max = 1,
                RatePerS = 10 }],
            Histograms = [new HistogramRow { Strategy = "kernel", Workload = "memslot-churn", Mmu = "kvm", Run = 1,
                Metric = "update", Unit = "ns", Low = 1, High = 2, Count = 10 }],
            Timeline = [new TimelineRow { Strategy = "kernel", Workload = "memslot-churn", Mmu = "kvm", Run = 1,
                Metric = "update", Unit = "ns", LengthMs = 1000, Count = 10, P50 = 1, P99 = 1, Max = 1 }],
            Counters = [Counter("kvm.pf_taken", 350), Counter("kvm.pf_fixed", 100), Counter("kvm.pf_spurious", 50),
                Counter("kvm.remote_tlb_flush", flushes)],
        });
        run.Complete();
    }

    [Fact]
    public void The_report_says_what_the_patch_changed_and_how_to_find_the_commit()
    {
        LabExit lab = Compare(warns: false);
        Assert.True(lab.Code == 0, lab.Error);
        Assert.Contains("Roots at delete: they part at line", lab.Words);
        Assert.Contains("Queue | Flush", lab.Words);
        Assert.Contains("Zap passes at delete: updater 4 → 0, worker 0 → 4", lab.Words);
        Assert.Contains("emote TLB flushes per update on memslot-churn 2 → 4", lab.Words);
        string trace = Assert.Single(Directory.EnumerateFiles(Out, "6.1.0-plain-delete.txt", SearchOption.AllDirectories));
        Assert.Contains("git bisect run sh -c 'make -s -j2 bzImage modules || exit 125; lab guest trace --kernel . --operation "
            + $"delete --as {trace}; case $? in 0) exit 0;; 4) exit 1;; *) exit 125;; esac'", lab.Out);
        Assert.Single(Directory.EnumerateFiles(Out, "report.html", SearchOption.AllDirectories),
            page => File.ReadAllText(page).Contains("they part", StringComparison.Ordinal));
    }

    [Fact]
    public void As_JSON_it_has_counts_order_references_and_complaints()
    {
        LabExit lab = Compare(warns: true, "--format", "json");
        Assert.True(lab.Code == 4, lab.Error);
        JsonNode root = JsonNode.Parse(lab.Out)!;
        JsonNode schema = JsonNode.Parse(LabHere.Run("list", "schema").Out)!["compare --kernel"]!;
        Assert.Equal(schema["properties"]!.AsObject().Select(one => one.Key), root.AsObject().Select(one => one.Key));
        Assert.StartsWith(Out, (string)root["folder"]!, StringComparison.Ordinal);

        JsonNode[] kernels = [.. root["kernels"]!.AsArray()!];
        Assert.Equal(["6.1.0-plain", "6.1.0-patched"], kernels.Select(one => (string)one["release"]!));
        Assert.Equal("[0,0,0]", kernels[0]["exit_codes"]!.ToJsonString());
        Assert.Empty(kernels[0]["complaints"]!.AsArray());
        Assert.Equal(Warning, (string)kernels[1]["complaints"]![0]!["headline"]!);
        Assert.True(Directory.Exists((string)kernels[1]["runs"]![0]!));

        JsonNode Count(string what) => root["counts"]!.AsArray().Single(one => (string)one!["what"]! == what)!;
        JsonNode flushes = Count("remote TLB flushes"), retried = Count("page faults retried");
        Assert.Equal(("update", 2.0, 4.0, true), ((string)flushes["per"]!, (double)flushes["first"]!, (double)flushes["second"]!,
            (bool)flushes["told"]!));
        Assert.Equal(("fault", 2.0, 2.0, false), ((string)retried["per"]!, (double)retried["first"]!, (double)retried["second"]!,
            (bool)retried["told"]!));
        Assert.Equal(10, (double)Count("memslot updates")["first"]!);

        JsonNode delete = root["roots"]![0]!;
        Assert.Equal(("delete", false, "Flush", "Queue"), ((string)delete["operation"]!, (bool)delete["same"]!,
            (string)delete["first"]!, (string)delete["second"]!));
        Assert.True((int)delete["line"]! > 0);
        JsonNode updater = delete["parts"]!.AsArray().First(
            one => (string)one!["kernel"]! == "6.1.0-plain" && (string)one["part"]! == "updater")!;
        Assert.Equal((4, 0, "[4,3,4,3]"),
            ((int)updater["zaps"]!, (int)updater["queued"]!, updater["references"]!.ToJsonString()));
        // Only the second warns: a step of the search needs no trace.
        Assert.Contains("lab guest --kernel . -- --mmu kvm --strategy kernel", (string)root["bisect"]!);
        Assert.Contains("note: 6.1.0-patched complained", lab.Error);
    }

    [Fact]
    public void As_CSV_it_has_a_line_for_each_number_and_text_of_a_kernel()
    {
        LabExit lab = Compare(warns: true, "--format", "csv");
        Assert.True(lab.Code == 4, lab.Error);
        string[] lines = lab.Out.TrimEnd().Split('\n');
        Assert.Equal("kind,kernel,workload,mmu,operation,who,what,per,value,text", lines[0]);
        Assert.Contains("count,6.1.0-patched,memslot-churn,kvm,,,remote TLB flushes,update,4,", lines);
        Assert.Contains("roots,6.1.0-plain,,,delete,updater,references,,,4 3 4 3", lines);
        Assert.Contains("order,6.1.0-patched,,,delete,,same,,0,", lines);
        Assert.Single(lines, line => line.StartsWith("order,6.1.0-patched,,,delete,updater and destroyer,parts at line,,",
            StringComparison.Ordinal) && line.EndsWith(",Queue | Flush", StringComparison.Ordinal));
        Assert.Single(lines, line => line.StartsWith($"complaint,6.1.0-patched,,,,,{Warning},,,", StringComparison.Ordinal));
    }
}
