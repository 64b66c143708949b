using System.Globalization;
using Lab.Results;
using Lab.Results.Fleet;
using Lab.Settings;

namespace Lab.Application.Fleet;

/// <summary>Does units of a plan on this machine. Any number of workers may be at one plan, also at one unit: a result appears
/// whole under its name or not at all, and who comes second leaves his. An answer is kept with its exit code; an attempt without
/// one is kept beside, with its log.</summary>
/// <param name="plan">What is to be done.</param>
/// <param name="doUnit">How.</param>
/// <param name="say">For people, a line each.</param>
/// <param name="examine">Says who this machine is and, if it is going to measure, how fit; null to look.</param>
public sealed class UnitWorker(PlanFolder plan, DoUnit doUnit, Action<string> say, Func<bool, FleetHost>? examine = null)
{
    /// <summary>So often a unit is put off because the machine is unfit or the measurement was disturbed; then it counts as it
    /// is.</summary>
    public const int PutOffMax = 3;

    /// <summary>So often in a row an unfit machine is asked again.</summary>
    public const int UnfitMax = 2;

    private const string Runs = "runs";
    private static readonly TimeSpan HeartBeat = TimeSpan.FromSeconds(5);

    /// <summary>Exit codes that are answers, not failures.</summary>
    private static readonly int[] Answers =
        [ExitCode.Fine, ExitCode.Regression, ExitCode.InvariantViolated, ExitCode.Inconclusive];

    /// <summary>Does one unit, or leaves it if it is done.</summary>
    /// <param name="number">Of the unit.</param>
    /// <param name="anyway">Also with another build of the program than planned it.</param>
    /// <param name="cancellation">Ends it without an answer.</param>
    /// <returns>0 for an answer, whatever it is; 5 and 130 for a unit that is to be begun again; else what it failed
    /// with.</returns>
    /// <exception cref="UsageException">It cannot be done here.</exception>
    /// <exception cref="RunDamagedException">The unit's file is missing or damaged.</exception>
    /// <exception cref="ResultsUnwritableException">Nothing of it was kept.</exception>
    public int Do(int number, bool anyway, CancellationToken cancellation)
    {
        if (IsDone(number)) return ExitCode.Fine;
        FleetUnit unit = plan.ReadUnit(number);
        Refuse(unit, anyway);
        RemoveLeftOvers(number);
        string folder = AttemptOf(number);
        try
        {
            return Attempt(unit, folder, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw error as ResultsUnwritableException ?? new ResultsUnwritableException(plan.Path, error);
        }
        finally
        {
            Remove(folder);
        }
    }

    private int Attempt(FleetUnit unit, string folder, CancellationToken cancellation)
    {
        DateTimeOffset started = DateTimeOffset.UtcNow;
        Directory.CreateDirectory(Path.Combine(folder, Runs));
        PlanFolder.WriteClaim(folder, new UnitClaim
            { Host = Environment.MachineName, StartedUtc = started, Process = WriterProcess.Current });
        string alive = Path.Combine(folder, PlanFolder.AliveFile);
        File.WriteAllText(alive, "");
        UnitAnswer answer;
        FleetHost host;
        int putOff = plan.ReadAttempts(unit.Number).Count(attempt => attempt.ExitCode == ExitCode.Contaminated);
        bool isLast = putOff >= PutOffMax;
        using (new Timer(_ => Touch(alive), null, HeartBeat, HeartBeat))
        {
            host = (examine ?? FleetHost.Examine)(unit.Kind != UnitKind.Shard);
            string? unfit = plan.Plan.Unfit || isLast ? null : WhyUnfit(host);
            using StreamWriter log = new(Path.Combine(folder, PlanFolder.LogFile)) { AutoFlush = true };
            answer = unfit is null ? Within(unit, folder, log, cancellation) : new UnitAnswer(ExitCode.Contaminated, unfit);
        }
        File.Delete(alive);
        File.Delete(Path.Combine(folder, PlanFolder.ClaimFile));
        if (answer.ExitCode == ExitCode.Interrupted)
        {
            say($"unit {unit.Number}: interrupted; begin it again.");
            return ExitCode.Interrupted;
        }
        bool isAnswer = answer.Problem is null && (Answers.Contains(answer.ExitCode)
            || (answer.ExitCode == ExitCode.Contaminated && isLast));
        if (!isAnswer) answer = answer with { Problem = answer.Problem ?? "nothing could be measured, or it was disturbed" };
        DateTimeOffset finished = DateTimeOffset.UtcNow;
        PlanFolder.WriteResult(folder, new UnitResult
        {
            Plan = plan.Plan.Id, Unit = unit.Number, Asked = plan.Plan.Units[unit.Number - 1], ExitCode = answer.ExitCode,
            Problem = answer.Problem, StartedUtc = started, FinishedUtc = finished < started ? started : finished,
            Seconds = Math.Max(0, (finished - started).TotalSeconds), Machine = host.Machine, Unfit = host.Unfit,
            Job = FleetJob.Name, Restarts = FleetJob.Restarts, Block = answer.Block, Run = answer.Run,
            Explored = answer.Explored, Files = Hashes(folder),
        });
        if (isAnswer) return Publish(unit.Number, folder, answer);
        Keep(unit.Number, folder);
        say($"unit {unit.Number}: {answer.Problem}.");
        return answer.ExitCode == ExitCode.Fine ? ExitCode.InternalError : answer.ExitCode;
    }

    /// <summary>What the machine says of itself is kept for whoever hands out the next unit.</summary>
    private string? WhyUnfit(FleetHost host)
    {
        int before = plan.ReadHost(host.Machine.Host)?.UnfitInRow ?? 0;
        if (before >= UnfitMax) return $"{host.Machine.Host} was unfit {before} times in a row and takes no more";
        if (host.Unfit.Count == 0)
        {
            if (before > 0) plan.WriteHost(new HostRecord { Host = host.Machine.Host });
            return null;
        }
        plan.WriteHost(new HostRecord { Host = host.Machine.Host, UnfitInRow = before + 1, Why = host.Unfit });
        return $"{host.Machine.Host} is not fit to measure ({string.Join("; ", host.Unfit)})";
    }

    private UnitAnswer Within(FleetUnit unit, string folder, TextWriter log, CancellationToken cancellation)
    {
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(plan.Plan.TimeoutS));
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        UnitAnswer answer;
        try
        {
            answer = doUnit(unit, folder, log, either.Token);
        }
        catch (UsageException refused)
        {
            answer = new UnitAnswer(ExitCode.Usage, refused.Message.TrimEnd('.'));
        }
        if (cancellation.IsCancellationRequested) return new UnitAnswer(ExitCode.Interrupted);
        return !late.IsCancellationRequested ? answer : new UnitAnswer(ExitCode.Usage,
            $"did not end within {Quantities.Describe(TimeSpan.FromSeconds(plan.Plan.TimeoutS))}; plan with a longer --timeout");
    }

    private bool IsDone(int number)
    {
        string folder = plan.ResultFolder(number);
        if (!Directory.Exists(folder)) return false;
        try
        {
            if (!plan.IsVoid(plan.ReadWhole(number)))
            {
                say($"unit {number} is done already.");
                return true;
            }
            say($"unit {number} is done again: other parts of the search have taught what it did not know.");
            Discard(number, folder);
            return false;
        }
        catch (RunDamagedException damaged)
        {
            say($"unit {number} is done again: {damaged.Message.ReplaceLineEndings(" ")}.");
            Keep(number, folder);
            return false;
        }
    }

    /// <summary>By way of a name that nobody takes for a result.</summary>
    private void Discard(int number, string folder)
    {
        string away = AttemptOf(number);
        try
        {
            Directory.Move(folder, away);
        }
        catch (IOException)
        {
            // Somebody else has.
        }
        Remove(away);
    }

    private string AttemptOf(int number) => Path.Combine(plan.Units, string.Create(CultureInfo.InvariantCulture,
        $"{plan.NameOf(number)}.tmp.{Here}-{Environment.ProcessId}-{Random.Shared.GetHexString(4)}"));

    private void Refuse(FleetUnit unit, bool anyway)
    {
        if (plan.Plan.Build != FleetHost.Build && !anyway) throw new UsageException(
            $"Plan '{plan.Path}' was made by build {plan.Plan.Build}"
                + (plan.Plan.GitCommit is { } commit ? $" (commit {commit[..Math.Min(12, commit.Length)]})" : "")
                + $", and this is build {FleetHost.Build}: give every machine the same one, or insist with --anyway.");
        foreach ((string path, string hash) in unit.Inputs)
        {
            if (!File.Exists(path)) throw new UsageException($"Unit {unit.Number} reads '{path}', which is not there; copy it.");
            if (PlanFolder.HashOf(path) != hash) throw new UsageException(
                $"Unit {unit.Number} reads '{path}', which is not as it was planned (SHA-256 {hash}); plan again.");
        }
        if (unit.Needs.Contains("kvm") && !File.Exists("/dev/kvm")) throw new UsageException(
            $"Unit {unit.Number} needs /dev/kvm, which is not there; do it on a machine that has it.");
    }

    private int Publish(int number, string folder, UnitAnswer answer)
    {
        try
        {
            Directory.Move(folder, plan.ResultFolder(number));
        }
        catch (IOException) when (Directory.Exists(plan.ResultFolder(number)))
        {
            say($"unit {number}: another worker was there first; its result stays.");
            return ExitCode.Fine;
        }
        say($"unit {number}: done" + (answer.ExitCode == ExitCode.Fine ? "." : $", with exit code {answer.ExitCode}."));
        return ExitCode.Fine;
    }

    /// <summary>Under the next free name of an attempt.</summary>
    private void Keep(int number, string folder)
    {
        for (int attempt = 1; ; attempt++)
        {
            string kept = plan.AttemptFolder(number, attempt);
            if (Directory.Exists(kept)) continue;
            try
            {
                Directory.Move(folder, kept);
                return;
            }
            catch (IOException) when (Directory.Exists(kept))
            {
                // Somebody else's attempt ended at the same time.
            }
        }
    }

    /// <summary>This machine since it booted: machines that were cloned share their name, and one must not clear away what
    /// another is at.</summary>
    private static string Here => $"{Environment.MachineName}-{WriterProcess.Current.BootId.Split('-')[0]}";

    /// <summary>Of attempts on this machine whose process is gone.</summary>
    private void RemoveLeftOvers(int number)
    {
        string pattern = $"{plan.NameOf(number)}.tmp.{Here}-*";
        foreach (string folder in Directory.EnumerateDirectories(plan.Units, pattern))
        {
            // By the name: at its beginning and end an attempt has no claim. A number that another process has by now keeps it.
            if (!Directory.Exists($"/proc/{folder.Split('-')[^2]}")) Remove(folder);
        }
    }

    private static Dictionary<string, string> Hashes(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .ToDictionary(file => Path.GetRelativePath(folder, file), PlanFolder.HashOf);

    private static void Touch(string file)
    {
        try
        {
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The attempt itself will see it.
        }
    }

    private static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What is left has no result, so that nobody takes it for one.
        }
    }
}
