using Xunit;

namespace Lab.Tests.Cli;

/// <summary>What cannot be done is said in one line, before anything is started or written.</summary>
public sealed class BadInputTests : IDisposable
{
    private const string Call = "1 100.5 Slot#0 flags=0x0 gpa=0x0 size=0x1000000 ret=0\n";

    private readonly RunsFolder _runs = new();

    public void Dispose() => _runs.Dispose();

    [Theory]
    [InlineData("--strategy workqeue", "Did you mean 'workqueue'?", "There are: baseline,")]
    [InlineData("--strategy workqueue,nope", "There is no strategy 'nope'", "There are: baseline,")]
    [InlineData("--strategy ,", "--strategy is empty", "name at least one")]
    [InlineData("--strategy one-thread --workload root-toggle", "only bounds", "add a strategy")]
    [InlineData("--strategy baseline workqueue", "'workqueue' stands alone; values of --strategy are joined by commas",
        ": --strategy baseline,workqueue.")]
    [InlineData("--strategy baseline,mainline --workload last-put vm-destroy", "values of --workload are joined by commas",
        ": --workload last-put,vm-destroy.")]
    [InlineData("explore --strategy async-put --scenario last-put-unmap destroy", "'destroy' stands alone",
        "--scenario last-put-unmap,destroy.")]
    [InlineData("--memory 256", "--memory '256' is not at least 1MiB", "256 what? 256MiB is a size")]
    [InlineData("--workload memslot-chum", "Did you mean 'memslot-churn'?", "vmm-trace")]
    [InlineData("--workload ,,", "--workload is empty", "name at least one")]
    [InlineData("--mmu kwm", "There is no MMU 'kwm'. Did you mean 'kvm'?", "There are: radix, kvm, host")]
    [InlineData("--vcpuss 3", "There is no option '--vcpuss'", "Did you mean '--vcpus'?")]
    [InlineData("--vcpus --runs 3", "'--vcpus' needs a value", "--runs")]
    [InlineData("--runs 2 --runs 3", "'--runs' is given twice", "give it once")]
    [InlineData("--watch off --runs 1 --watch on", "'--watch' is given twice", "give it once")]
    [InlineData("--runs 1 --bogus --runs=1", "'--runs' is given twice", "give it once")]
    [InlineData("compare a b --gate --gate", "'--gate' is given twice", "give it once")]
    [InlineData("track gate --machine all --machine this", "'--machine' is given twice", "give it once")]
    [InlineData("explore --set vcpus=1 --set vcpus=2", "--set gives 'vcpus' twice", "give it once")]
    [InlineData("explore --set vcpus=1,vcpus=1", "--set gives 'vcpus' twice", "give it once")]
    [InlineData("--pause fast-zap=1us,fast-zap=2us", "--pause gives 'fast-zap' twice", "give it once")]
    [InlineData("rum", "There is no verb 'rum'. Did you mean 'run'?", "There are: run, compare, track, list, report, bench")]
    [InlineData("--vcpus 2 run", "'--vcpus' comes before the verb", "lab run --vcpus")]
    [InlineData("list strategy", "There is no list 'strategy'", "strategies, notifiers, ageing, workloads, mmus, runs")]
    [InlineData("report --format xml", "There is no --format value 'xml'", "table, json, csv, markdown")]
    [InlineData("--vcpus 0", "--vcpus '0'", "from 1 to 256")]
    [InlineData("--vcpus 10000", "--vcpus '10000'", "from 1 to 256")]
    [InlineData("--vcpus many", "--vcpus 'many'", "from 1 to 256")]
    [InlineData("--vcpus 1.5", "--vcpus '1.5'", "from 1 to 256")]
    [InlineData("--memory 0", "--memory '0'", "above zero")]
    [InlineData("--memory 4097", "--memory '4097'", "multiple of the page size 4KiB")]
    [InlineData("--memory 3MiB --pages 2MiB", "--memory '3MiB'", "multiple of the page size 2MiB")]
    [InlineData("--memory -4MiB", "--memory '-4MiB'", "such as 256MiB")]
    [InlineData("--memory 4parsecs", "--memory '4parsecs'", "such as 256MiB")]
    [InlineData("--memory 0.3B", "--memory '0.3B'", "whole number of bytes")]
    [InlineData("--memory 1048575TiB", "more than this machine has", "ask for less")]
    [InlineData("--memory 99999999999999999999GiB", "--memory", "such as 256MiB")]
    [InlineData("--pages 8KiB", "There is no --pages value '8KiB'", "4KiB, 2MiB, 1GiB")]
    [InlineData("--duration 0s", "--duration '0s'", "from 10ms to 3600s")]
    [InlineData("--duration 3weeks", "--duration '3weeks'", "such as 5s")]
    [InlineData("--duration 999999999999h", "--duration", "below thirty years")]
    [InlineData("--duration -1s", "--duration '-1s'", "such as 5s")]
    [InlineData("--warmup nan", "--warmup 'nan'", "such as 5s")]
    [InlineData("--watchdog 1ms", "--watchdog '1ms'", "from 1s")]
    [InlineData("--grace 1h", "--grace '1h'", "to 10s")]
    [InlineData("--rate 0", "--rate '0'", "from 0.01/s")]
    [InlineData("--rate -3/s", "--rate '-3/s'", "such as 200/s")]
    [InlineData("--rate 1e9", "--rate '1e9'", "to 1000000/s")]
    [InlineData("--rate NaN", "--rate 'NaN'", "such as 200/s")]
    [InlineData("--rate 5/min", "--rate '5/min'", "such as 200/s")]
    [InlineData("--runs 0", "--runs '0'", "from 1 to 1000")]
    [InlineData("--seed -1", "--seed '-1'", "from 0 to")]
    [InlineData("--workers 65", "--workers '65'", "from 1 to 64")]
    [InlineData("--format xml", "There is no --format value 'xml'", "table, json, csv, markdown")]
    [InlineData("--operation erase", "There is no --operation value 'erase'", "delete, move, flags, mix")]
    [InlineData("--slots 40000", "--slots '40000'", "from 0 to 32760")]
    [InlineData("--slots 1025", "--slots 1025 is too many for workqueue", "at most 1024")]
    [InlineData("--hosts 3", "--hosts is read by notifier-vs-memslot only, and this measures memslot-churn",
        "use --workload notifier-vs-memslot")]
    [InlineData("--workload vm-destroy,last-put --storm-pages 8", "--storm-pages is read by fault-storm only",
        "leave it out")]
    [InlineData("--chunk 1MiB", "--chunk is read by kvm and host only, and this runs on radix", "use --mmu kvm")]
    [InlineData("compare mainline workqueue --chunk 1MiB", "--chunk is read by kvm and host only, and no arm is",
        "use --mmu kvm")]
    [InlineData("compare mainline workqueue --hosts 3", "--hosts is read by notifier-vs-memslot only, and no arm is",
        "use --workload notifier-vs-memslot")]
    [InlineData("--updates often", "--updates 'often'", "such as 200/s")]
    [InlineData("--updates 0", "--updates '0'", "from 0.01/s")]
    [InlineData("--storm-where here", "There is no --storm-where value 'here'", "slot, outside")]
    [InlineData("--storm-pages 0", "--storm-pages '0'", "from 1 to")]
    [InlineData("--workload dirty-log --mmu host", "needs a dirty log", "--mmu radix and the running kernel with --mmu kvm")]
    [InlineData("--strategy kernel-slot-zap", "--strategy kernel-slot-zap is what the running kernel does", "--mmu kvm")]
    [InlineData("--mmu kvm --drop burn", "There is no --drop value 'burn'", "madvise, punch")]
    [InlineData("--mmu kvm --drop punch --backing anon", "--drop punch needs a file", "--backing shared")]
    [InlineData("--yield never", "There is no --yield value 'never'", "off, contended, after:N")]
    [InlineData("--yield after:0", "--yield after:", "from 1")]
    [InlineData("--zap-passes fnie", "Did you mean 'fine'?", "source, root, coarse, fine")]
    [InlineData("--worker-nice 20", "--worker-nice '20'", "from -20 to 19")]
    [InlineData("--root-load both", "There is no --root-load value 'both'", "source, shared, exclusive")]
    [InlineData("--strategy mainline,baseline,workqueue --root-load shared",
        "--root-load shared is not safe with baseline, workqueue",
        "use source or exclusive, or --strategy mainline,slot-zap.")]
    [InlineData("--workload bystander --wake-every 1us", "--wake-every '1us'", "from 0.1ms to 100ms")]
    [InlineData("--insert middle", "There is no --insert value 'middle'", "head, tail")]
    [InlineData("--pin maybe", "There is no --pin value 'maybe'", "auto, on, off")]
    [InlineData("--quiet silence", "There is no --quiet value 'silence'", "pin, idle, fifo, all, none")]
    [InlineData("--quiet ,", "--quiet is empty", "name at least one")]
    [InlineData("--wait-quiet soon", "--wait-quiet 'soon'", "such as 5s")]
    [InlineData("--fifo-priority 100", "--fifo-priority '100'", "from 1 to 99")]
    [InlineData("--kernel-trace maybe", "There is no --kernel-trace value 'maybe'", "auto, on, off")]
    [InlineData("--perf maybe", "There is no --perf value 'maybe'", "auto, on, off")]
    [InlineData("--pause fast-zap", "--pause 'fast-zap'", "fast-zap=200us")]
    [InlineData("--pause fast-zap=1us=2us", "--pause 'fast-zap=1us=2us'", "fast-zap=200us")]
    [InlineData("--pause slow-zap=1us", "There is no pause point 'slow-zap'", "Did you mean 'fast-zap'?")]
    [InlineData("--pause put-edge=0ns", "--pause 'put-edge=0ns'", "from 1ns to 1s")]
    [InlineData("--pause put-edge=2s", "--pause 'put-edge=2s'", "from 1ns to 1s")]
    [InlineData("--workload vmm-trace --speed warp", "There is no --speed value 'warp'", "original, max")]
    [InlineData("--workload vmm-trace --trace windows-95", "There is no trace 'windows-95'", "seabios-pc-vga, seabios-q35-vga")]
    public void Nonsense_is_refused(string arguments, string complaint, string remedy) =>
        Refused(arguments.Split(' '), complaint, remedy);

    [Fact]
    public void A_folder_that_cannot_be_made_is_refused_with_a_remedy()
    {
        string file = _runs.Beside("file");
        File.WriteAllText(file, "");
        LabExit lab = LabHere.Run("--out", Path.Combine(file, "runs"));
        AssertRefusal(lab, "Cannot write results in", "choose another folder with --out");
        AssertRefusal(LabHere.Run("--out", "/proc/lab-runs"), "Cannot write results in", "choose another folder with --out");
        AssertRefusal(LabHere.Run("--out", ""), "--out is empty", "give it a value, or leave it out");
    }

    [Theory]
    [InlineData("", "expected at least one line 'THREAD SECONDS", "there is none")]
    [InlineData(Call + "1 101.0 Slot#1 flags=0x0 gp", "line 2: expected 'THREAD SECONDS", "found '1 101.0 Slot#1 flags=0x0 gp'")]
    [InlineData(Call + "1 101.0 Slot#0 flags=0x0 gpa=0x0 size=0x0 ret=0", "line 2: expected a line end", "truncated")]
    [InlineData("# by hand\n" + Call + "1 99.0 Slot#0 flags=0x0 gpa=0x0 size=0x0 ret=0\n", "line 3: expected a time no earlier",
        "backward")]
    [InlineData(Call + "1 101.0 Slot#7 flags=0x0 gpa=0x0 size=0x0 ret=0\n", "line 2: expected slot 7 to exist", "deleted")]
    [InlineData(Call + "1 101.0 Slot#1 flags=0x0 gpa=0x1000 size=0x1000 ret=0\n", "line 2: expected a range free of other slots",
        "overlaps slot 0")]
    [InlineData(Call + "1 101.0 Slot#1 flags=0x0 gpa=0x1000001 size=0x1000 ret=0\n",
        "line 2: expected gpa and size to be multiples", "0x1000")]
    [InlineData("1 100.5 Slot#0 flags=0x9 gpa=0x0 size=0x1000000 ret=0\n", "line 1: expected", "flags=0x9")]
    [InlineData("1 100.5 Slot#0 flags=0x0 gpa=0xfffffffffffff000 size=0xfffffffffffff000 ret=0\n",
        "line 1: expected gpa and size below 2^48", "")]
    [InlineData("1 100.5 Slot#0 flags=0x0 gpa=0x0 size=0x0 ret=-22\n", "expected at least one line", "")]
    public void A_damaged_trace_is_refused_with_its_line_and_what_was_expected(string text, string complaint, string remedy)
    {
        string trace = _runs.Beside("trace.txt");
        File.WriteAllText(trace, text);
        Refused(["--workload", "vmm-trace", "--trace", trace], complaint, remedy);
    }

    [Fact]
    public void A_binary_file_is_not_a_trace() =>
        Refused(["--workload", "vmm-trace", "--trace", LabProcess.Program], "line 1: expected", "found");

    [Fact]
    public void Reports_of_runs_that_are_not_there_name_what_is()
    {
        AssertRefusal(LabHere.Run("report", "--out", _runs.Path), "There is no run", "lab run");
        AssertRefusal(LabHere.Run("report", "2020", "--out", _runs.Path), "There is no run '2020'", "there are no runs yet");
    }

    [Fact]
    public void A_full_standard_output_is_said_in_one_line()
    {
        LabExit lab = LabProcess.RunIn("exec \"$@\" > /dev/full", "list", "workloads");
        AssertRefusal(lab, "output cannot be written", "free space");
    }

    private void Refused(string[] arguments, string complaint, string remedy)
    {
        bool takesOut = arguments[0].StartsWith('-');
        AssertRefusal(LabHere.Run([.. arguments, .. takesOut && arguments[^1] != "run" ? new[] { "--out", _runs.Path } : []]),
            complaint, remedy);
        Assert.False(Directory.Exists(_runs.Path));
    }

    internal static void AssertRefusal(LabExit lab, string complaint, string remedy)
    {
        string line = Assert.Single(lab.ErrorLines);
        Assert.StartsWith("lab: ", line);
        Assert.Contains(complaint, line);
        Assert.Contains(remedy, line);
        Assert.Equal((2, ""), (lab.Code, lab.Out));
    }
}
