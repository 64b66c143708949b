using System.Diagnostics;
using System.Globalization;
using System.Text;
using Lab.Results;
using Lab.Settings;

namespace Lab.Application.Guests;

/// <summary>Boots a kernel with this lab inside, runs one command there and brings back what it left. Needs no right that a
/// user does not have.</summary>
/// <param name="request">What to boot and to run.</param>
/// <param name="say">Takes lines for people: the guest's standard error and what happens to the guest.</param>
public sealed class GuestRun(GuestRequest request, Action<string> say)
{
    /// <summary>What a boot writes on the host at most, but for results.</summary>
    private const long RoomNeeded = 400L << 20;

    /// <summary>After the limit or an interrupt the lab may save what it has.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(60);

    /// <summary>The guest could not write to its disks, which are files of the host.</summary>
    private bool _hasUnwritten;

    private enum End
    {
        ByItself,
        Interrupted,
        OutOfTime,
    }

    /// <exception cref="UsageException">Something is missing on the host, or the kernel cannot be used; nothing was
    /// booted.</exception>
    /// <exception cref="ResultsUnwritableException">The folder cannot be written.</exception>
    public GuestOutcome Execute(CancellationToken cancellation)
    {
        if (Qemu.Missing() is { Count: > 0 } missing) throw HostProgram.Refusal(missing);
        string folder = CreateFolder();
        try
        {
            using GuestKernel kernel = GuestKernel.Find(request.Kernel, folder);
            string? whyNot = request.Processor == ProcessorChoice.Emulated ? "asked to be" : NestedKvm.WhyNot();
            if (whyNot is not null && request.Processor == ProcessorChoice.Nested)
            {
                throw new UsageException($"--processor nested cannot be: {whyNot}; use emulated.");
            }
            if (whyNot is null)
            {
                say("the guest's processor is the host's: KVM is nested.");
                GuestOutcome nested = Boot(kernel, folder, GuestProcessor.Nested, cancellation, out bool hasKvm);
                if (hasKvm || cancellation.IsCancellationRequested) return nested;
                if (request.Processor == ProcessorChoice.Nested)
                {
                    return nested with { Failure = $"KVM does not nest here: {nested.Failure}" };
                }
                say($"KVM does not nest here ({nested.Failure}); once more, emulated.");
            }
            else
            {
                string why = request.Processor == ProcessorChoice.Emulated ? "" : $" ({whyNot})";
                say($"the guest's processor is emulated{why}: order, counts and verdicts are the kernel's, times are not.");
            }
            GuestOutcome outcome = Boot(kernel, folder, GuestProcessor.Emulated, cancellation, out bool isKvmThere);
            return isKvmThere || outcome.Kernel is null ? outcome
                : outcome with { Failure = $"the kernel in '{request.Kernel}' came up without /dev/kvm; see "
                    + $"{Path.Combine(folder, "dmesg.txt")}" };
        }
        catch (Exception error)
        {
            if (IsEmpty(folder)) Remove(folder);
            if (error is IOException and not ResultsUnwritableException) throw new ResultsUnwritableException(folder, error);
            throw;
        }
    }

    /// <summary>One boot. <paramref name="hasKvm"/> is false where the guest found no KVM, or never came so far as to
    /// look.</summary>
    private GuestOutcome Boot(GuestKernel kernel, string folder, GuestProcessor processor, CancellationToken cancellation,
        out bool hasKvm)
    {
        string initramfs = Path.Combine(folder, "initramfs"), console = Path.Combine(folder, "console.txt");
        GuestDisk disk = new(folder);
        try
        {
            (IReadOnlyList<string> Arguments, IReadOnlyList<string> Added)[] commands =
                [.. request.Commands.Select(typed => GuestArguments.For(typed, processor))];
            foreach (string added in commands.Select(one => string.Join(' ', one.Added)).Where(one => one.Length > 0).Distinct())
            {
                say($"the lab in the guest also gets {added}");
            }
            Initramfs.Write(initramfs, kernel, [.. commands.Select(one => one.Arguments)], Environment(processor),
                request.KeepEvery);
            Qemu qemu = new(kernel.Image, initramfs, disk.Paths, console, processor, request.Cpus, request.MemoryBytes);
            (End end, string complaint) = Await(qemu, cancellation);
            File.Delete(initramfs); // room for what comes back
            return Outcome(disk, folder, processor, end, complaint, out hasKvm);
        }
        finally
        {
            File.Delete(initramfs);
            disk.Delete();
        }
    }

    /// <summary>An emulated processor compiles slowly too: code that is used once is not optimised.</summary>
    private static Dictionary<string, string> Environment(GuestProcessor processor)
    {
        Dictionary<string, string> variables = new() { ["DOTNET_NOLOGO"] = "1", ["DOTNET_EnableDiagnostics_Debugger"] = "0" };
        if (processor == GuestProcessor.Emulated) variables["DOTNET_TieredCompilation"] = "1";
        return variables;
    }

    private (End End, string Complaint) Await(Qemu qemu, CancellationToken cancellation)
    {
        StringBuilder complaint = new();
        using Process process = qemu.Start();
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is not { Length: > 0 } text) return;
            _hasUnwritten |= text.Contains(GuestInit.Unwritten, StringComparison.Ordinal);
            say(text);
        };
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { Length: > 0 } text) complaint.Append(complaint.Length == 0 ? "" : " ").Append(text);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        End end = End.ByItself;
        using CancellationTokenSource limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(request.Limit);
        try
        {
            process.WaitForExitAsync(limited.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            end = cancellation.IsCancellationRequested ? End.Interrupted : End.OutOfTime;
            Stop(process);
        }
        process.WaitForExit(); // also for the last lines
        if (end == End.ByItself && process.ExitCode != 0 && complaint.Length == 0)
        {
            complaint.Append(CultureInfo.InvariantCulture, $"exit code {process.ExitCode}");
        }
        return (end, complaint.ToString());
    }

    /// <summary>Asks the lab inside to end and to save, and ends the guest if it does not.</summary>
    private static void Stop(Process process)
    {
        try
        {
            process.StandardInput.Write($"{GuestInit.Stop}\n");
            process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It has ended meanwhile.
        }
        if (!process.WaitForExit(StopLimit)) process.Kill();
    }

    private GuestOutcome Outcome(GuestDisk disk, string folder, GuestProcessor processor, End end, string complaint,
        out bool hasKvm)
    {
        string console = Path.Combine(folder, "console.txt");
        string spoken = File.Exists(console) ? File.ReadAllText(console) : "";
        string? release = disk.Text(GuestInit.Kernel)?.Trim(), messages = disk.Text(GuestInit.Messages);
        hasKvm = release is not null && disk.Text(GuestInit.NoKvm) is null;
        if (messages is not null) File.WriteAllText(Path.Combine(folder, "dmesg.txt"), messages);
        string output = disk.Text(GuestInit.Output) ?? "";
        if (output.Length > 0) File.WriteAllText(Path.Combine(folder, "output.txt"), output);
        HashSet<string> runs = [];
        disk.Unpack(below => Place(below, folder, runs));
        runs.RemoveWhere(IsUnbegun);
        int[] codes = [.. (disk.Text(GuestInit.Codes) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => int.Parse(line, CultureInfo.InvariantCulture))];
        // What is on the console alone came after the last writing.
        IReadOnlyList<KernelComplaint> complaints = [.. KernelComplaint.In(messages ?? "")
            .Concat(KernelComplaint.In(spoken)).DistinctBy(one => one.Headline)];
        bool isWhole = codes.Length == request.Commands.Count && !_hasUnwritten;
        string? why = isWhole ? null : WhyNotAll(end, complaint, complaints, release, console);
        return new GuestOutcome(codes, why, processor, folder,
            [.. runs], output, complaints, release) { HasUnwritten = _hasUnwritten };
    }

    private string WhyNotAll(End end, string complaint, IReadOnlyList<KernelComplaint> complaints, string? release,
        string console)
    {
        string who = release is null ? $"the kernel in '{request.Kernel}'" : $"Linux {release}";
        if (_hasUnwritten)
        {
            return $"'{request.Out}' did not take what the guest wrote: free space, or choose another folder with --out";
        }
        if (end == End.Interrupted) return "the guest was interrupted before the lab in it had ended";
        if (complaints.FirstOrDefault(one => one.Headline.Contains("panic", StringComparison.Ordinal)) is { } panic)
        {
            return $"{who} panicked before the lab in it had ended: {panic.Headline}; see {console}";
        }
        if (end == End.OutOfTime)
        {
            return string.Create(CultureInfo.InvariantCulture,
                $"the guest did not end within {request.Limit.TotalSeconds} s; give --limit more, or see {console}");
        }
        return complaint.Length > 0 ? $"QEMU ended: {complaint}"
            : $"{who} ended before the lab in it had; see {console}";
    }

    /// <summary>A run folder in which there was no manifest yet is no run; what there is of it goes.</summary>
    private static bool IsUnbegun(string run)
    {
        if (File.Exists(Path.Combine(run, "manifest.json"))) return false;
        Directory.Delete(run, recursive: true);
        return true;
    }

    /// <summary>Results go where results are, so that every other verb finds them.</summary>
    private string? Place(string below, string folder, HashSet<string> runs)
    {
        string[] parts = below.Split('/');
        if (parts is not ["results", _, ..]) return Path.Combine(folder, "files", below);
        string path = Path.Combine([request.Out, .. parts[1..]]);
        if (parts is [_, "runs", var run, ..]) runs.Add(Path.Combine(request.Out, "runs", run));
        return path;
    }

    private string CreateFolder()
    {
        try
        {
            string stamp = DateTimeOffset.UtcNow.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
            string folder = Path.Combine(request.Out, "guests", $"{stamp}-{Random.Shared.GetHexString(6, lowercase: true)}");
            Directory.CreateDirectory(folder);
            if (new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace >= RoomNeeded) return folder;
            Remove(folder);
            throw new IOException(string.Create(CultureInfo.InvariantCulture,
                $"a guest needs {RoomNeeded >> 20} MiB for its initramfs and disks"));
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new ResultsUnwritableException(request.Out, refused);
        }
    }

    /// <summary>And the folders that were made for it, as far as nothing else is in them.</summary>
    private void Remove(string folder)
    {
        Directory.Delete(folder, recursive: true);
        foreach (string above in (string[])[Path.Combine(request.Out, "guests"), request.Out])
        {
            if (!Directory.EnumerateFileSystemEntries(above).Any()) Directory.Delete(above);
        }
    }

    private static bool IsEmpty(string folder) =>
        Directory.Exists(folder) && !Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Any();
}
