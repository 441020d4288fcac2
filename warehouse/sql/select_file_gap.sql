-- The numbers that are missing between the files of each year of NLM's series that were read: first and last of each gap.
SELECT nlm_year, nlm_number + 1 AS first_number, following - 1 AS last_number
FROM (
    SELECT nlm_year, nlm_number, lead(nlm_number) OVER (PARTITION BY nlm_year ORDER BY nlm_number) AS following
    FROM (SELECT DISTINCT nlm_year, nlm_number FROM state.file WHERE nlm_year IS NOT NULL)
)
WHERE following > nlm_number + 1
ORDER BY nlm_year, first_number
