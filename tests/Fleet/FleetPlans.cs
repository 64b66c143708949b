using System.Text.Json.Nodes;
using Lab.Tests.Cli;
using Lab.Tests.Results;
using Xunit;

namespace Lab.Tests.Fleet;

/// <summary>Plans in a folder of their own.</summary>
internal sealed class FleetPlans : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string Root => _folder.Path;

    public void Dispose() => _folder.Dispose();

    /// <summary>Plans what <c>lab fleet plan</c> is told.</summary>
    public string Plan(string name, params string[] what)
    {
        string path = Path.Combine(Root, name);
        LabExit planned = LabProcess.Run(["fleet", "plan", .. what, "-o", path]);
        Assert.True(planned.Code == 0, planned.Error);
        return path;
    }

    public static LabExit Work(string plan, params string[] units) => LabProcess.Run(["fleet", "work", plan, .. units]);

    public static (int Code, JsonNode Found, string Error) Gather(string plan)
    {
        LabExit gathered = LabProcess.Run("fleet", "gather", plan, "--format", "json");
        return (gathered.Code, JsonNode.Parse(gathered.Out)!, gathered.Error);
    }

    public static JsonNode Status(string plan)
    {
        LabExit status = LabProcess.Run("fleet", "status", plan, "--format", "json");
        Assert.True(status.Code == 0, status.Error);
        return JsonNode.Parse(status.Out)!;
    }

    /// <summary>What <c>lab explore</c> says of the same, and that the gathered plan says just that.</summary>
    public static void AssertIsWhole(string plan, params string[] program)
    {
        LabExit explored = LabProcess.Run(["explore", .. program, "--format", "json", "--budget", "none"]);
        JsonNode whole = JsonNode.Parse(explored.Out)!;
        (int code, JsonNode found, string error) = Gather(plan);
        Assert.True(explored.Code == code, error);
        foreach (string key in (string[])["verdict", "executions", "cut", "outcomes", "complete", "bound", "invariant", "replay"])
        {
            Assert.True(JsonNode.DeepEquals(whole[key], found["program"]![key]), $"{key}: {whole[key]} {found["program"]![key]}");
        }
        Assert.Equal((long)whole["executions"]!, (long)found["executions"]!);
        Assert.Equal((string)whole["verdict"]!, (string)found["verdict"]!);
    }

    /// <summary>The same of strategies, whose search is put together by its states.</summary>
    public static void AssertIsTheSearch(string plan, string what, int expected)
    {
        LabExit explored = LabProcess.Run(["explore", .. what.Split(' '), "--budget", "none", "--format", "json"]);
        JsonArray alone = JsonNode.Parse(explored.Out)!.AsArray();
        (int code, JsonNode found, string error) = Gather(plan);
        Assert.True((expected, expected) == (explored.Code, code), error);
        static string Key(JsonNode one) => $"{one["strategy"]} {one["scenario"]} {one["model"]} {one["states"]} {one["verdict"]} "
            + $"{one["complete"]} {one["bound"]} {one["replay"]} {one["claims"]!.ToJsonString()}";
        Assert.Equal(alone.Select(one => Key(one!)).Order(), found["explorations"]!.AsArray().Select(one => Key(one!)).Order());
        Assert.Equal(alone.Sum(one => (long)one!["states"]!), (long)found["states"]!);
    }

    /// <summary>Changes a value of a JSON file.</summary>
    public static void Edit(string file, string key, JsonNode value)
    {
        JsonNode json = JsonNode.Parse(File.ReadAllText(file))!;
        json[key] = value;
        File.WriteAllText(file, json.ToJsonString());
    }
}
